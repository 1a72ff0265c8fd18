"""Floating-point formats: what exp, log, sin and their kin need to know of each.

The polynomials interpolate at Chebyshev nodes of the reduced range (computed at 60 digits; the
errors stated are of the polynomial alone, relative).
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from loligo.program import exact


@dataclass(frozen=True)
class Format:
    """One format of IEEE 754.

    Attributes
    ----------
    name
        LLVM's, as in the names of its intrinsics.
    element, integer
        LLVM's types of a number and of its bits.
    mantissa, bias
        Stored bits of the mantissa, and what is added to the exponent.
    ln2, half_pi
        In parts whose products with the whole numbers of a reduction are exact.
    expm1, exprel, decay
        (exp(r) - 1)/r on abs(r) <= ln(2)/2, on abs(r) <= 1/2, and on -1/2 <= r <= 0.
    exp2
        (2**r - 1)/r on abs(r) <= 1/2.
    sin, cos
        (sin(r)/r - 1)/r^2 and (cos(r) - 1 + r^2/2)/r^4 in r^2 on abs(r) <= pi/4.
    log
        (2 atanh(f)/f - 2)/f^2 in f^2 on f <= (sqrt(2) - 1)/(sqrt(2) + 1).
    exprel2
        Terms of the series of (exp(z) - 1 - z)/z^2 that abs(z) < 1/2 needs.
    root_half
        The bits of sqrt(1/2).
    phase
        Below it the reduction of a sine's argument is exact.
    finite
        What is larger counts as no longer finite.
    """

    name: str
    element: Any
    integer: Any
    mantissa: int
    bias: int
    ln2: tuple[float, float]
    half_pi: tuple[float, ...]
    expm1: tuple[float, ...]
    exprel: tuple[float, ...]
    decay: tuple[float, ...]
    exp2: tuple[float, ...]
    sin: tuple[float, ...]
    cos: tuple[float, ...]
    log: tuple[float, ...]
    exprel2: int
    root_half: int
    phase: float
    finite: float

    @property
    def bits(self) -> int:
        return self.integer.width

    @property
    def shift(self) -> float:
        """x + shift rounds x to a whole number, kept in the low bits."""
        return 1.5 * 2.0**self.mantissa

    @property
    def tiny(self) -> float:
        """Far below all that counts, and with all its digits when multiplied by another."""
        return 2.0 ** (4 - self.bias)

    @property
    def least(self) -> float:
        """The smallest number with all its digits."""
        return 2.0 ** (1 - self.bias)

    @property
    def overflow(self) -> float:
        """Beyond it 2**k, k the whole number nearest x/ln 2, has no exponent left."""
        return (self.bias + 0.499) * exact.log(2.0)


DOUBLE = Format(
    name="f64",
    element=ir.DoubleType(),
    integer=ir.IntType(64),
    mantissa=52,
    bias=1023,
    ln2=(float.fromhex("0x1.62e42fee00000p-1"), float.fromhex("0x1.a39ef35793c76p-33")),
    half_pi=(
        float.fromhex("0x1.921fb54400000p+0"),
        float.fromhex("0x1.0b4611a600000p-34"),
        float.fromhex("0x1.3198a2e000000p-69"),
        float.fromhex("0x1.b839a252049c1p-104"),
    ),
    # errors 2.1e-17, 2.4e-17, 5.3e-17, 2.0e-17, 2.1e-17, 1.3e-18, 2.1e-18
    expm1=(
        1.0, 0.5000000000000006, 0.1666666666666667, 0.04166666666657239, 0.008333333333326084,
        0.0013888888932751, 0.0001984126987500228, 2.4801504014426906e-05, 2.755725517000089e-06,
        2.7626495546432196e-07, 2.5105312729622103e-08,
    ),
    exprel=(
        1.0, 0.5, 0.1666666666666722, 0.04166666666666706, 0.008333333333075146,
        0.001388888888870455, 0.00019841270281832442, 2.4801587616145414e-05,
        2.7556979476271894e-06, 2.7557076636642725e-07, 2.517282043357941e-08,
        2.0962955815976076e-09,
    ),
    decay=(
        1.0, 0.49999999999998973, 0.16666666666584204, 0.0416666666438403, 0.008333333023212038,
        0.001388886501778326, 0.00019840157495812618, 2.47695262111943e-05,
        2.699599482130865e-06, 2.201693912128178e-07,
    ),
    exp2=(
        0.6931471805599453, 0.24022650695910097, 0.0555041086648216, 0.009618129107606888,
        0.0013333558146416936, 0.0001540353044173605, 1.525273382983612e-05,
        1.321544258792169e-06, 1.0178062445845774e-07, 7.072585949269223e-09,
        4.4549605981865186e-10,
    ),
    sin=(
        -0.16666666666666666, 0.008333333333330925, -0.00019841269836722418,
        2.755731608381636e-06, -2.5051127944014188e-08, 1.5917848524808262e-10,
    ),
    cos=(
        0.041666666666666664, -0.0013888888888887382, 2.480158729874307e-05,
        -2.7557317260008837e-07, 2.0876143827993133e-09, -1.1382456778061306e-11,
    ),
    log=(
        0.6666666666666666, 0.40000000000000885, 0.28571428570799784, 0.22222222392581045,
        0.18181795547521137, 0.15386244737621665, 0.13268638369266825, 0.13088034850927555,
    ),
    exprel2=14,
    root_half=0x3FE6A09E667F3BCD,
    phase=1e6,
    finite=1e300,
)  # fmt: skip

SINGLE = Format(
    name="f32",
    element=ir.FloatType(),
    integer=ir.IntType(32),
    mantissa=23,
    bias=127,
    ln2=(float.fromhex("0x1.62e4000000000p-1"), float.fromhex("0x1.7f7d1c0000000p-20")),
    half_pi=(
        float.fromhex("0x1.9210000000000p+0"),
        float.fromhex("0x1.f6a0000000000p-13"),
        float.fromhex("0x1.110b460000000p-26"),
    ),
    # errors 1.2e-8, 3.7e-9, 7.4e-9, 1.2e-8, 1.7e-10, 4.9e-8, 1.7e-9
    expm1=(
        1.0, 0.5, 0.16666504740715027, 0.04166646674275398, 0.008369148708879948,
        0.0013933641603216529,
    ),
    exprel=(
        1.0, 0.5000000596046448, 0.1666666716337204, 0.04166530445218086, 0.008333181962370872,
        0.001399777363985777, 0.00019962176156695932,
    ),
    decay=(
        1.0, 0.49999988079071045, 0.1666630357503891, 0.041632939130067825, 0.008195392787456512,
        0.0011276312870904803,
    ),
    exp2=(
        0.6931471824645996, 0.24022650718688965, 0.055503569543361664, 0.009618083015084267,
        0.0013390863314270973, 0.00015453163359779865,
    ),
    sin=(
        -0.1666666716337204, 0.008333331905305386, -0.00019840087043121457, 2.7249925551586784e-06,
    ),
    cos=(0.0416666641831398, -0.001388830249197781, 2.454794230288826e-05),
    log=(0.6666666865348816, 0.4000012278556824, 0.2855082154273987, 0.2333046793937683),
    exprel2=7,
    root_half=0x3F3504F3,
    phase=3e3,
    finite=1e30,
)  # fmt: skip
