"""Documents of earlier versions, whose names were free then and are reserved now."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

import loligo as lo
from loligo.model import Membrane

OLD = {
    "channels": {
        "clamp": {"g": 0.5, "E": -60.0},
        "L": {"g": 0.3, "E": -65.0, "gates": {
            "status": {"power": 2, "inf": "1/(1+exp(-(V+60)/10))", "tau": "edge + 1"},
        }},
    },
    "helpers": {"edge": "1.5 + 0*spike_rate", "both": "I_clamp + G_clamp*status"},
    "states": {"spike_rate": {"derivative": "-(spike_rate - status)/5 + 0*my_status"}},
    "parameters": {"my_status": 4.0},
    "celsius": None,
}  # fmt: skip
DOCUMENT = {key: value for key, value in OLD.items() if value is not None}


def test_they_open_with_names_changed_and_say_so() -> None:
    with pytest.warns(UserWarning, match="names that are reserved") as caught:
        membrane = Membrane.from_dict(DOCUMENT)
    (told,) = {str(each.message) for each in caught}
    assert told == (
        "this model uses names that are reserved since it was written; here I_clamp is called "
        "I_my_clamp, edge is called my_edge, spike_rate is called my_spike_rate, status is called "
        "my_my_status"
    )
    assert [channel.name for channel in membrane.channels] == ["my_clamp", "L"]
    assert [gate.name for gate in membrane.gates] == ["my_my_status"]
    assert str(membrane.helpers["both"]) == "I_my_clamp + G_my_clamp*my_my_status"
    assert str(membrane.states[0].derivative) == "-(my_spike_rate - my_my_status)/5 + 0*my_status"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Membrane.from_dict(membrane.to_dict()) == membrane


def test_dimensions_too() -> None:
    array = {"dims": ["status"], "values": [1.0, 2.0], "coords": {"status": ["a", "b"]}}
    with pytest.warns(UserWarning, match="status is called my_status"):
        membrane = Membrane.from_dict({"channels": {"L": {"g": array, "E": 0}}})
    assert membrane.parameters["g_L"].value.dims == ("my_status",)  # type: ignore[union-attr]
    assert membrane.parameters["g_L"].value.coords["my_status"].tolist() == ["a", "b"]  # type: ignore[union-attr]


def test_what_is_only_like_one_stays() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Membrane.from_dict(
            {"channels": {"L": {"g": 1, "E": 0}}, "helpers": {"edges": "V", "my_status": "1"}}
        )


def test_a_recording_of_an_earlier_version_runs_again() -> None:
    squid = lo.load("hodgkin-huxley-1952")
    given, solver = {"V": -65, "m": 0.05, "h": 0.6}, lo.Exponential(dt=0.05, engine="numpy")
    rec = lo.simulate(squid, lo.Pulse(1, 1, 20), 3, initial=given, solver=solver)
    provenance = json.loads(rec.attrs["provenance"])
    text = json.dumps(provenance["model"]).replace('"m"', '"edge"')
    provenance["model"] = json.loads(text)
    provenance["record"] = ["V", "edge"]
    provenance["initial"]["edge"] = provenance["initial"].pop("m")
    rec.attrs["provenance"] = json.dumps(provenance)
    with pytest.warns(UserWarning, match="edge is called my_edge"):
        again = lo.rerun(rec)
    assert np.array_equal(again.my_edge.values, rec.m.values)
    assert np.array_equal(again.V.values, rec.V.values)
