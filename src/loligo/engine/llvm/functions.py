"""exp, log, sin and their kin, written in vector arithmetic.

Each function is emitted once per module for ``<W x double>`` and inlined where it is used, so
it vectorises on every processor and gives the same bits at every width. All are within four
units in the last place, but for `pow`, which loses about |y log x| of them. The polynomials
interpolate at Chebyshev nodes of the reduced range (computed at 60 digits; the errors stated are
of the polynomial alone, relative).
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

I64 = ir.IntType(64)

# (exp(r) - 1)/r on |r| <= ln(2)/2, error 2.1e-17
_EXPM1 = (
    1.0, 0.5000000000000006, 0.1666666666666667, 0.04166666666657239, 0.008333333333326084,
    0.0013888888932751, 0.0001984126987500228, 2.4801504014426906e-05, 2.755725517000089e-06,
    2.7626495546432196e-07, 2.5105312729622103e-08,
)  # fmt: skip
# (sin(r)/r - 1)/r^2 and (cos(r) - 1 + r^2/2)/r^4 in r^2 on |r| <= pi/4, errors 2.1e-17, 1.3e-18
_SIN = (
    -0.16666666666666666, 0.008333333333330925, -0.00019841269836722418, 2.755731608381636e-06,
    -2.5051127944014188e-08, 1.5917848524808262e-10,
)  # fmt: skip
_COS = (
    0.041666666666666664, -0.0013888888888887382, 2.480158729874307e-05, -2.7557317260008837e-07,
    2.0876143827993133e-09, -1.1382456778061306e-11,
)  # fmt: skip
# (2 atanh(f)/f - 2)/f^2 in f^2 on f <= (sqrt(2) - 1)/(sqrt(2) + 1), error 2.1e-18
_LOG = (
    0.6666666666666666, 0.40000000000000885, 0.28571428570799784, 0.22222222392581045,
    0.18181795547521137, 0.15386244737621665, 0.13268638369266825, 0.13088034850927555,
)  # fmt: skip
_EXPREL2 = tuple(1.0 / math.factorial(k + 2) for k in range(14))

# ln 2 and pi/2 in parts whose products with a whole number of 20 bits are exact
_LN2 = (float.fromhex("0x1.62e42fee00000p-1"), float.fromhex("0x1.a39ef35793c76p-33"))
_HALF_PI = (
    float.fromhex("0x1.921fb54400000p+0"),
    float.fromhex("0x1.0b4611a600000p-34"),
    float.fromhex("0x1.3198a2e000000p-69"),
    float.fromhex("0x1.b839a252049c1p-104"),
)
_SHIFT = float.fromhex("0x1.8p52")  # x + _SHIFT rounds x to a whole number, kept in the low bits
_SHIFT_BITS = 0x4338000000000000

Value = Any  # an ir.Value; llvmlite has no types


class Emitter:
    """Emits vector arithmetic of one width into one function.

    Parameters
    ----------
    module
        The functions below are added to it when first called for.
    width
        Lanes in a vector; 1 gives plain scalars.
    fma
        Whether the processor multiplies and adds in one instruction. Only then is it used,
        and only where written here: elsewhere a library call would replace it.
    """

    def __init__(self, module: ir.Module, width: int, fma: bool) -> None:
        self.module, self.width, self.has_fma = module, width, fma
        self.double: Any = self._wide(ir.DoubleType())
        self.int: Any = self._wide(I64)
        self.mask: Any = self._wide(ir.IntType(1))
        self.builder: Any = ir.IRBuilder()

    def _wide(self, element: Any) -> Any:
        return element if self.width == 1 else ir.VectorType(element, self.width)

    def _repeat(self, vector: Any, value: float | int) -> Value:
        return ir.Constant(vector, value if self.width == 1 else [value] * self.width)

    def const(self, value: float) -> Value:
        return self._repeat(self.double, value)

    def whole(self, value: int) -> Value:
        return self._repeat(self.int, value)

    def spread(self, scalar: Value) -> Value:
        """One number for every lane."""
        if self.width == 1:
            return scalar
        one = self.builder.insert_element(
            ir.Constant(self.double, ir.Undefined), scalar, ir.IntType(32)(0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.width), [0] * self.width)
        return self.builder.shuffle_vector(one, ir.Constant(self.double, ir.Undefined), zeros)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        if self.has_fma:
            return self.intrinsic("fma", a, b, c)
        return self.builder.fadd(self.builder.fmul(a, b), c)

    def polynomial(self, coefficients: Sequence[float], x: Value) -> Value:
        """Horner's rule."""
        total = self.const(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = self.fma(total, x, self.const(c))
        return total

    def less(self, a: Value, b: Value) -> Value:
        return self.builder.fcmp_ordered("<", a, b)

    def intrinsic(self, name: str, *args: Value) -> Value:
        label = f"llvm.{name}.{'' if self.width == 1 else f'v{self.width}'}f64"
        function = self.module.globals.get(label)
        if function is None:
            kind = ir.FunctionType(self.double, [self.double] * len(args))
            function = ir.Function(self.module, kind, label)
        return self.builder.call(function, args)

    def call(self, name: str, *args: Value) -> Value:
        """One of :data:`FUNCTIONS`, as an internal function of the module, always inlined."""
        label = f"loligo_{name}"
        function = self.module.globals.get(label)
        if function is None:
            kind = ir.FunctionType(self.double, [self.double] * len(args))
            function = ir.Function(self.module, kind, label)
            function.linkage = "internal"
            function.attributes.add("alwaysinline")
            inner = Emitter(self.module, self.width, self.has_fma)
            inner.builder = ir.IRBuilder(function.append_basic_block())
            inner.builder.ret(FUNCTIONS[name](inner, *function.args))
        return self.builder.call(function, args)

    def round(self, x: Value) -> tuple[Value, Value]:
        """The nearest whole number, as a float and as integer bits (shifted by _SHIFT_BITS)."""
        shifted = self.builder.fadd(x, self.const(_SHIFT))
        return (
            self.builder.fsub(shifted, self.const(_SHIFT)),
            self.builder.bitcast(shifted, self.int),
        )


_OVERFLOW = 709.43  # exp of it is 1.3e308, and 2**k still has an exponent of its own


def _split(e: Emitter, x: Value) -> tuple[Value, Value]:
    """x = k ln 2 + r: (exp(r) - 1, 2**k)."""
    b = e.builder
    k, bits = e.round(b.fmul(x, e.const(1.0 / math.log(2.0))))
    r = e.fma(k, e.const(-_LN2[0]), x)
    r = e.fma(k, e.const(-_LN2[1]), r)
    exponent = b.sub(bits, e.whole(_SHIFT_BITS - 1023))
    scale = b.bitcast(b.shl(exponent, e.whole(52)), e.double)
    return b.fmul(r, e.polynomial(_EXPM1, r)), scale


def _exp(e: Emitter, x: Value) -> Value:
    """Results below 2.3e-308 are 0, above 1.3e308 infinite."""
    b = e.builder
    rest, scale = _split(e, x)
    value = e.fma(rest, scale, scale)
    value = b.select(e.less(x, e.const(-708.3)), e.const(0.0), value)
    return b.select(e.less(e.const(_OVERFLOW), x), e.const(math.inf), value)


def _expm1(e: Emitter, x: Value) -> Value:
    b = e.builder
    rest, scale = _split(e, x)
    value = e.fma(rest, scale, b.fsub(scale, e.const(1.0)))
    value = b.select(e.less(x, e.const(-50.0)), e.const(-1.0), value)
    return b.select(e.less(e.const(_OVERFLOW), x), e.const(math.inf), value)


def _exprel(e: Emitter, z: Value) -> Value:
    b = e.builder
    zero = b.fcmp_ordered("==", z, e.const(0.0))
    return b.select(zero, e.const(1.0), b.fdiv(e.call("expm1", z), z))


def _bernoulli(e: Emitter, z: Value) -> Value:
    b = e.builder
    zero = b.fcmp_ordered("==", z, e.const(0.0))
    return b.select(zero, e.const(1.0), b.fdiv(z, e.call("expm1", z)))


def _exprel2(e: Emitter, z: Value) -> Value:
    """Its series near 0, where (exp(z) - 1 - z)/z**2 cancels."""
    b = e.builder
    far = b.fdiv(b.fsub(e.call("expm1", z), z), b.fmul(z, z))
    near = e.less(e.intrinsic("fabs", z), e.const(0.5))
    return b.select(near, e.polynomial(_EXPREL2, z), far)


def _tanh(e: Emitter, x: Value) -> Value:
    b = e.builder
    twice = b.fadd(x, x)
    t = e.call("expm1", b.select(e.less(e.const(50.0), twice), e.const(50.0), twice))
    return b.fdiv(t, b.fadd(t, e.const(2.0)))


def _log(e: Emitter, x: Value) -> Value:
    """x = 2**k m with m in [sqrt(1/2), sqrt(2)); log m by the series of atanh."""
    b = e.builder
    tiny = e.less(x, e.const(2.2250738585072014e-308))
    scaled = b.select(tiny, b.fmul(x, e.const(2.0**54)), x)
    # moving sqrt(1/2) to a power of two makes the exponent field count from there
    offset = 0x3FE6A09E667F3BCD
    bits = b.sub(b.bitcast(scaled, e.int), e.whole(offset))
    k = b.ashr(bits, e.whole(52))
    fraction = b.and_(bits, e.whole(0x000FFFFFFFFFFFFF))
    m = b.bitcast(b.add(fraction, e.whole(offset)), e.double)
    power = b.sitofp(k, e.double)
    power = b.select(tiny, b.fsub(power, e.const(54.0)), power)
    f = b.fdiv(b.fsub(m, e.const(1.0)), b.fadd(m, e.const(1.0)))
    s = b.fmul(f, f)
    series = b.fmul(f, e.fma(s, e.polynomial(_LOG, s), e.const(2.0)))
    value = e.fma(power, e.const(_LN2[0]), e.fma(power, e.const(_LN2[1]), series))
    value = b.select(b.fcmp_ordered("==", x, e.const(math.inf)), x, value)
    value = b.select(b.fcmp_ordered("==", x, e.const(0.0)), e.const(-math.inf), value)
    invalid = b.fcmp_unordered("<", x, e.const(0.0))  # negative or NaN
    return b.select(invalid, e.const(math.nan), value)


def _binlog(e: Emitter, x: Value) -> Value:
    """The bits of a double, read as a whole number, grow nearly as its logarithm does."""
    b = e.builder
    return e.fma(b.sitofp(b.bitcast(x, e.int), e.double), e.const(2.0**-52), e.const(-1023.0))


def _pow(e: Emitter, x: Value, y: Value) -> Value:
    """exp(y log abs(x)), with the sign that a whole y gives a negative x; x**0 is 1."""
    b = e.builder
    value = e.call("exp", b.fmul(y, e.call("log", e.intrinsic("fabs", x))))
    whole = b.fcmp_ordered("==", e.intrinsic("floor", y), y)
    half = b.fmul(y, e.const(0.5))
    even = b.fcmp_ordered("==", e.intrinsic("floor", half), half)
    signed = b.select(whole, b.select(even, value, b.fneg(value)), e.const(math.nan))
    value = b.select(e.less(x, e.const(0.0)), signed, value)
    return b.select(b.fcmp_ordered("==", y, e.const(0.0)), e.const(1.0), value)


def _quadrant(e: Emitter, x: Value, turn: int) -> Value:
    """sin(x + turn pi/2). Exact reduction up to |x| = 1e6, NaN beyond: no phase is that large."""
    b = e.builder
    k, bits = e.round(b.fmul(x, e.const(2.0 / math.pi)))
    r = x
    for part in _HALF_PI:
        r = e.fma(k, e.const(-part), r)
    s = b.fmul(r, r)
    sine = e.fma(b.fmul(r, s), e.polynomial(_SIN, s), r)
    cosine = e.fma(b.fmul(s, s), e.polynomial(_COS, s), e.fma(s, e.const(-0.5), e.const(1.0)))
    quarter = b.add(bits, e.whole(turn))
    odd = b.icmp_signed("!=", b.and_(quarter, e.whole(1)), e.whole(0))
    value = b.select(odd, cosine, sine)
    minus = b.icmp_signed("!=", b.and_(quarter, e.whole(2)), e.whole(0))
    value = b.select(minus, b.fneg(value), value)
    small = e.less(e.intrinsic("fabs", x), e.const(1e6))
    return b.select(small, value, e.const(math.nan))


FUNCTIONS: dict[str, Callable[..., Value]] = {
    "exp": _exp,
    "expm1": _expm1,
    "exprel": _exprel,
    "exprel2": _exprel2,
    "bernoulli": _bernoulli,
    "tanh": _tanh,
    "log": _log,
    "binlog": _binlog,
    "pow": _pow,
    "sin": lambda e, x: _quadrant(e, x, 0),
    "cos": lambda e, x: _quadrant(e, x, 1),
}
