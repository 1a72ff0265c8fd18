"""Equations for people: as they were written."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from few import FEW
from loligo.model import Channel, Gate, Membrane, State, load
from loligo.model.expression import parse
from loligo.model.latex import latex, symbol
from loligo.model.mathml import mathml


@pytest.mark.parametrize("name", FEW)
def test_every_expression_stands_in_the_text_as_it_was_written(name: str) -> None:
    membrane = load(name)
    text = str(membrane.equations)
    for gate in membrane.gates:
        for key in ("alpha", "beta", "inf", "tau"):
            expression = getattr(gate, key)
            assert expression is None or expression.text in text
    assert "C_m dV/dt = I_stim" in text
    assert str(membrane.equations) in str(membrane)


def test_the_squid_for_a_terminal() -> None:
    lines = str(load("hodgkin-huxley-1952").equations).splitlines()
    assert lines[0] == "C_m dV/dt = I_stim − I_Na − I_K − I_L"
    assert "I_Na    = g_Na m³ h (V − E_Na)" in lines
    assert "dm/dt   = phi [alpha_m (1 − m) − beta_m m]" in lines
    assert "phi = q10(3, 6.3)" in lines


def test_other_forms_of_gates() -> None:
    gates = [
        Gate("a", inf="0.5", tau="3", rate="2*V**0"),
        Gate("b", alpha=1, beta=2, rate="phi"),
        Gate("c", inf="0.25", instantaneous=True),
    ]
    membrane = Membrane(
        channels=[Channel("X", g=1, E="2*V", gates=gates), Channel("Y", current="x*V")],
        helpers={"phi": "2"},
        states=[State("x", "-x/5")],
    )
    text = str(membrane.equations)
    for line in (
        "da/dt   = rate_a (a_inf − a)/tau_a",
        "rate_a  = 2*V**0",
        "db/dt   = phi [alpha_b (1 − b) − beta_b b]",
        "c       = 0.25",
        "E_X     = 2*V",
        "I_Y = x*V",
        "dx/dt = -x/5",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1*(V+40)/(1-exp(-(V+40)/10))",
         r"\frac{0.1\,\left(V + 40\right)}{1 - e^{-\left(V + 40\right)/10}}"),
        ("q10(3, 6.3)", r"3^{\left(T - 6.3\right)/10}"),
        ("nernst(2, Ca_o, Ca)",
         r"\frac{1000\,R\,\left(T + 273.15\right)}{2\,F}\,"
         r"\ln\left(\frac{\mathrm{Ca}_{o}}{\mathrm{Ca}}\right)"),
        ("a-(b-c)", r"a - \left(b - c\right)"),
        ("a-b-c", "a - b - c"),
        ("a*(b+c)**2", r"a\,\left(b + c\right)^{2}"),
        ("-a**2", "-a^{2}"),
        ("(-a)**2", r"\left(-a\right)^{2}"),
        ("a--b", r"a - \left(-b\right)"),
        ("-0.1*(V+3)", r"-0.1\,\left(V + 3\right)"),
        ("2*3", r"2 \cdot 3"),
        ("1.5e-3*x", r"1.5 \times 10^{-3}\,x"),
        ("1e5", "10^{5}"),
        ("pi", r"\pi"),
        ("x_1**2", "{x_{1}}^{2}"),
        ("max(a, b, c)", r"\max\left(a, b, c\right)"),
        ("a if V >= 0 else b",
         r"\begin{cases} a & \text{if } V \ge 0 \\ b & \text{otherwise} \end{cases}"),
    ],
)  # fmt: skip
def test_latex(text: str, expected: str) -> None:
    assert latex(parse(text).tree) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("g_Na", r"g_{\mathrm{Na}}"),
        ("C_m", "C_{m}"),
        ("m_Na_inf", r"m_{\mathrm{Na},\infty}"),
        ("tau_h", r"\tau_{h}"),
        ("n1", "n_{1}"),
        ("phi", r"\phi"),
        ("celsius", "T"),
    ],
)
def test_symbols(name: str, expected: str) -> None:
    assert symbol(name) == expected


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", FEW)
def test_html_is_whole_and_typeset(name: str) -> None:
    membrane = load(name)
    html = membrane._repr_html_()
    tags = Tags()
    tags.feed(html)
    assert not tags.open
    assert {"h4", "table", "a"} <= tags.seen
    assert html.count("<math ") == len(membrane.equations.blocks)
    assert "$" not in html
    assert "\\" not in html
    assert "maximal conductance" in html


def test_html_of_foreign_text_cannot_do_anything() -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    membrane = Membrane(
        channels=[Channel("L", g=1, E="where(V < 0, 1, 2)", meaning=evil)],
        name=evil,
        title=evil,
        citation=evil,
        notes=[evil],
        parameters={"x": {"value": 1, "meaning": evil}},
    )
    tags = Tags()
    tags.feed(membrane._repr_html_())
    assert not tags.seen & {"script", "img"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.1*(V+40)/(1-exp(-(V+40)/10))",
         "<mfrac><mrow><mn>0.1</mn>{gap}{V40}</mrow><mrow><mn>1</mn>{minus}"
         "<msup><mi>e</mi><mrow>{minus}{V40}{slash}<mn>10</mn></mrow></msup></mrow></mfrac>"),
        ("g_Na*m_inf**3", "<msub><mi>g</mi><mrow><mi>Na</mi></mrow></msub>{gap}"
         "<msup><mrow><msub><mi>m</mi><mrow><mi>∞</mi></mrow></msub></mrow><mrow><mn>3</mn></mrow>"
         "</msup>"),
        ("where(V < 0, alpha, 2)", "<mrow><mo>{{</mo><mtable displaystyle=\"true\">"
         "<mtr>{left}<mi>α</mi></mtd>{left}<mtext>if&#160;</mtext><mi>V</mi><mo>&lt;</mo>"
         "<mn>0</mn></mtd></mtr><mtr>{left}<mn>2</mn></mtd>{left}<mtext>otherwise&#160;</mtext>"
         "</mtd></mtr></mtable></mrow>"),
    ],
)  # fmt: skip
def test_mathml(text: str, shown: str) -> None:
    V40 = "<mrow><mo>(</mo><mi>V</mi>{plus}<mn>40</mn><mo>)</mo></mrow>"
    signs = {name: f'<mo stretchy="false">{sign}</mo>'
             for name, sign in {"plus": "+", "minus": "−", "slash": "/"}.items()}  # fmt: skip
    left = '<mtd style="text-align:left">'
    expected = shown.format(
        gap='<mspace width="0.167em"/>', V40=V40.format(**signs), left=left, **signs
    )
    assert mathml(latex(parse(text).tree), block=False) == f"<math>{expected}</math>"


def test_latex_for_notebooks() -> None:
    tex = load("wang-buzsaki-1996").equations._repr_latex_()
    assert tex.count(r"\begin{aligned}") == tex.count(r"\end{aligned}") == 4
    assert r"m &= \frac{\alpha_{m}}{\alpha_{m} + \beta_{m}}" in tex
