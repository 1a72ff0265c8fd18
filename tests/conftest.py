"""That this file is here lets every test import the helpers beside it (``hh_scipy``, …)."""
