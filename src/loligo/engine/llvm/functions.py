"""exp, log, sin and their kin, written in vector arithmetic.

Each function is emitted once per module and format for ``<W x double>`` or ``<W x float>`` and
inlined where it is used, so it vectorises on every processor and gives the same bits at every
width. All are within four units in the last place, but for `pow`, which loses about |y log x|
of them. Their polynomials are in :mod:`loligo.engine.llvm.formats`.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from loligo.engine.llvm.formats import DOUBLE, SINGLE, Format
from loligo.program import exact

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
    form
        What its numbers are.
    guarded
        Whether what others call is :mod:`guarded <loligo.engine.llvm.guard>`.
    brief
        Whether code is to be small.
    """

    def __init__(
        self, module: ir.Module, width: int, fma: bool, form: Format = DOUBLE,
        guarded: bool = False, brief: bool = False,
    ) -> None:  # fmt: skip
        self.module, self.width, self.has_fma, self.form = module, width, fma, form
        self.guarded, self.brief = guarded, brief
        self.real: Any = self._wide(form.element)
        self.double: Any = self._wide(ir.DoubleType())
        self.int: Any = self._wide(form.integer)
        self.mask: Any = self._wide(ir.IntType(1))
        self.builder: Any = ir.IRBuilder()

    def _wide(self, element: Any) -> Any:
        return element if self.width == 1 else ir.VectorType(element, self.width)

    def _repeat(self, vector: Any, value: float | int) -> Value:
        return ir.Constant(vector, value if self.width == 1 else [value] * self.width)

    def narrow(self) -> Emitter:
        """Of the same place, in float32."""
        other = Emitter(self.module, self.width, self.has_fma, SINGLE, brief=self.brief)
        other.builder = self.builder
        return other

    def called(self, name: str, gives: Any, takes: Sequence[Any]) -> Value:
        """A function of the module's own that is called where it is used."""
        function = ir.Function(self.module, ir.FunctionType(gives, list(takes)), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        function.attributes.add("nounwind")
        return function

    def beginning(self, function: Value) -> Emitter:
        """The same kind of emitter at the beginning of a function."""
        other = Emitter(self.module, self.width, self.has_fma, self.form, brief=self.brief)
        other.builder = ir.IRBuilder(function.append_basic_block("entry"))
        return other

    def const(self, value: float) -> Value:
        if self.form is SINGLE:
            value = ctypes.c_float(value).value  # rounded here: LLVM takes no other
        return self._repeat(self.real, value)

    def whole(self, value: int) -> Value:
        return self._repeat(self.int, value)

    def spread(self, scalar: Value) -> Value:
        """One number for every lane."""
        if self.width == 1:
            return scalar
        one = self.builder.insert_element(
            ir.Constant(self.real, ir.Undefined), scalar, ir.IntType(32)(0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.width), [0] * self.width)
        return self.builder.shuffle_vector(one, ir.Constant(self.real, ir.Undefined), zeros)

    def fma(self, a: Value, b: Value, c: Value) -> Value:
        if self.has_fma:
            return self.intrinsic("fma", a, b, c)
        return self.builder.fadd(self.builder.fmul(a, b), c)

    def polynomial(self, coefficients: Sequence[float], x: Value) -> Value:
        """Horner's rule. (Estrin's has a shorter chain of dependent operations, but the lanes of
        a block fill the gaps in it, and its further products cost 12 % of a step.)"""
        total = self.const(coefficients[-1])
        for c in reversed(coefficients[:-1]):
            total = self.fma(total, x, self.const(c))
        return total

    def less(self, a: Value, b: Value) -> Value:
        return self.builder.fcmp_ordered("<", a, b)

    def any(self, mask: Value) -> Value:
        """Whether a mask holds in any lane."""
        if self.width == 1:
            return mask
        bits = self.builder.bitcast(mask, ir.IntType(self.width))
        return self.builder.icmp_unsigned("!=", bits, ir.IntType(self.width)(0))

    def larger(self, a: Value, b: Value) -> Value:
        """Of each lane; the first where either is NaN."""
        return self.builder.select(self.less(a, b), b, a)

    def lesser(self, a: Value, b: Value) -> Value:
        """Of each lane; the first where either is NaN."""
        return self.builder.select(self.less(b, a), b, a)

    def folded(
        self, vector: Value, combine: Callable[[Value, Value], Value], bits: int = 512
    ) -> tuple[Emitter, Value]:
        """A vector's halves combined, and theirs, until one register of so many bits holds them;
        and the emitter for that. One comparison then serves for all registers of a block."""
        width, b = self.width, self.builder
        while width > 1 and width * self.form.bits > bits:
            width //= 2
            low, high = (
                b.shuffle_vector(
                    vector, vector, ir.Constant(ir.VectorType(ir.IntType(32), width), list(part))
                )
                for part in (range(width), range(width, 2 * width))
            )
            vector = combine(low, high)
        short = Emitter(self.module, width, self.has_fma, self.form)
        short.builder = b
        return short, vector

    def any_above(self, x: Value, limit: float) -> Value:
        """Whether x is above the limit in any lane; a NaN may be overlooked."""
        short, largest = self.folded(x, self.larger)
        return short.any(self.builder.fcmp_unordered(">", largest, short.const(limit)))

    def least(self, vector: Value) -> Value:
        """The smallest number in any lane; none is NaN."""
        two, vector = self.folded(vector, self.lesser, 2 * self.form.bits)
        if two.width == 1:
            return vector
        return self.lesser(
            *(self.builder.extract_element(vector, ir.IntType(32)(i)) for i in (0, 1))
        )

    def intrinsic(self, name: str, *args: Value) -> Value:
        label = f"llvm.{name}.{'' if self.width == 1 else f'v{self.width}'}{self.form.name}"
        function = self.module.globals.get(label)
        if function is None:
            kind = ir.FunctionType(self.real, [self.real] * len(args))
            function = ir.Function(self.module, kind, label)
        return self.builder.call(function, args)

    def call(self, name: str, *args: Value) -> Value:
        """One of :data:`FUNCTIONS`, as an internal function of the module, always inlined."""
        label = f"loligo_{name}_{self.width}x{self.form.name}"
        function = self.module.globals.get(label)
        if function is None:
            kind = ir.FunctionType(self.real, [self.real] * len(args))
            function = ir.Function(self.module, kind, label)
            function.linkage = "internal"
            function.attributes.add("alwaysinline")
            inner = Emitter(self.module, self.width, self.has_fma, self.form)
            inner.builder = ir.IRBuilder(function.append_basic_block())
            inner.builder.ret(FUNCTIONS[name](inner, *function.args))
        return self.builder.call(function, args)

    def round(self, x: Value) -> tuple[Value, Value]:
        """The nearest whole number, as a float and in the low bits of an integer."""
        shifted = self.builder.fadd(x, self.const(self.form.shift))
        return (
            self.builder.fsub(shifted, self.const(self.form.shift)),
            self.builder.bitcast(shifted, self.int),
        )

    def at_least(self, low: float, x: Value) -> Value:
        """The larger of the two, NaN where x is."""
        bound = self.const(low)
        return self.builder.select(self.less(x, bound), bound, x)

    def at_most(self, high: float, x: Value) -> Value:
        """The smaller of the two, NaN where x is."""
        bound = self.const(high)
        return self.builder.select(self.less(bound, x), bound, x)


def _split(e: Emitter, x: Value) -> tuple[Value, Value, Value]:
    """x = k ln 2 + r: (r, (exp(r) - 1)/r, 2**k).

    For k from -bias, where 2**k becomes 0, to bias + 1, where it becomes infinite.
    """
    b, form = e.builder, e.form
    # k + bias in the low bits: the exponent of 2**k, already where a shift puts it in its field
    shift = e.const(form.shift + form.bias)
    shifted = e.fma(x, e.const(1.0 / exact.log(2.0)), shift)
    k = b.fsub(shifted, shift)
    r = e.fma(k, e.const(-form.ln2[0]), x)
    r = e.fma(k, e.const(-form.ln2[1]), r)
    scale = b.bitcast(b.shl(b.bitcast(shifted, e.int), e.whole(form.mantissa)), e.real)
    return r, e.polynomial(form.expm1, r), scale


def _exp(e: Emitter, x: Value) -> Value:
    """What would be below the least number with all its digits is 0 (or has fewer digits), what
    would be above half the largest is infinite."""
    form = e.form
    x = e.at_most((form.bias + 1) * exact.log(2.0), x)
    x = e.at_least(-form.bias * exact.log(2.0), x)
    r, slope, scale = _split(e, x)
    return e.builder.fmul(e.fma(r, slope, e.const(1.0)), scale)


def _expm1(e: Emitter, x: Value) -> Value:
    b, form = e.builder, e.form
    r, slope, scale = _split(e, e.at_least(-form.bias * exact.log(2.0), x))
    value = e.fma(b.fmul(r, slope), scale, b.fsub(scale, e.const(1.0)))
    return b.select(e.less(e.const(form.overflow), x), e.const(math.inf), value)


def less_one(e: Emitter, exp: Value, z: Value) -> Value:
    """exp(z) - 1 from the exponential, by a polynomial near 0."""
    b = e.builder
    near = e.less(e.intrinsic("fabs", z), e.const(0.5))
    inside = b.fmul(z, e.polynomial(e.form.exprel, z))
    return b.select(near, inside, b.fsub(exp, e.const(1.0)))


def unless_above(
    e: Emitter, x: Value, limit: float, direct: Sequence[Value],
    exact: Callable[[], Sequence[Value]],
) -> list[Value]:  # fmt: skip
    """``direct``, unless x is above the limit in any lane; then what ``exact`` computes: the
    same in the lanes where the other would have done, so that none depends on its neighbours."""
    b = e.builder
    before = b.block
    with b.if_then(e.any_above(x, limit), likely=False):
        values = exact()
        inside = b.block
    results: list[Value] = []
    for near, value in zip(direct, values, strict=True):
        result = b.phi(e.real)
        result.add_incoming(near, before)
        result.add_incoming(value, inside)
        results.append(result)
    return results


def _exprel(e: Emitter, z: Value) -> Value:
    """A polynomial near 0, where a fixed step's arguments lie; beyond, (exp(z) - 1)/z."""
    size = e.intrinsic("fabs", z)
    direct = e.polynomial(e.form.exprel, z)

    def exact() -> list[Value]:
        near = e.builder.fcmp_ordered("<=", size, e.const(0.5))
        return [e.builder.select(near, direct, e.builder.fdiv(e.call("expm1", z), z))]

    return unless_above(e, size, 0.5, [direct], exact)[0]


def _bernoulli(e: Emitter, z: Value) -> Value:
    b = e.builder
    zero = b.fcmp_ordered("==", z, e.const(0.0))
    return b.select(zero, e.const(1.0), b.fdiv(z, e.call("expm1", z)))


def _exprel2(e: Emitter, z: Value) -> Value:
    """Its series near 0, where (exp(z) - 1 - z)/z**2 cancels."""
    b = e.builder
    far = b.fdiv(b.fsub(e.call("expm1", z), z), b.fmul(z, z))
    near = e.less(e.intrinsic("fabs", z), e.const(0.5))
    series = [1.0 / math.factorial(k + 2) for k in range(e.form.exprel2)]
    return b.select(near, e.polynomial(series, z), far)


def _tanh(e: Emitter, x: Value) -> Value:
    b = e.builder
    twice = b.fadd(x, x)
    t = e.call("expm1", b.select(e.less(e.const(50.0), twice), e.const(50.0), twice))
    return b.fdiv(t, b.fadd(t, e.const(2.0)))


def _log(e: Emitter, x: Value) -> Value:
    """x = 2**k m with m in [sqrt(1/2), sqrt(2)); log m by the series of atanh."""
    b, form = e.builder, e.form
    digits = form.mantissa + 2
    tiny = e.less(x, e.const(form.least))
    scaled = b.select(tiny, b.fmul(x, e.const(2.0**digits)), x)
    # moving sqrt(1/2) to a power of two makes the exponent field count from there
    offset = e.whole(form.root_half)
    bits = b.sub(b.bitcast(scaled, e.int), offset)
    k = b.ashr(bits, e.whole(form.mantissa))
    fraction = b.and_(bits, e.whole(2**form.mantissa - 1))
    m = b.bitcast(b.add(fraction, offset), e.real)
    power = b.sitofp(k, e.real)
    power = b.select(tiny, b.fsub(power, e.const(float(digits))), power)
    f = b.fdiv(b.fsub(m, e.const(1.0)), b.fadd(m, e.const(1.0)))
    s = b.fmul(f, f)
    series = b.fmul(f, e.fma(s, e.polynomial(form.log, s), e.const(2.0)))
    value = e.fma(power, e.const(form.ln2[0]), e.fma(power, e.const(form.ln2[1]), series))
    value = b.select(b.fcmp_ordered("==", x, e.const(math.inf)), x, value)
    value = b.select(b.fcmp_ordered("==", x, e.const(0.0)), e.const(-math.inf), value)
    invalid = b.fcmp_unordered("<", x, e.const(0.0))  # negative or NaN
    return b.select(invalid, e.const(math.nan), value)


def _binlog(e: Emitter, x: Value) -> Value:
    """The bits of a number, read as a whole one, grow nearly as its logarithm does."""
    b, form = e.builder, e.form
    bits = b.sitofp(b.bitcast(x, e.int), e.real)
    return e.fma(bits, e.const(2.0**-form.mantissa), e.const(-float(form.bias)))


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
    """sin(x + turn pi/2). Exact reduction up to 1e6 (float32: 3e3), NaN beyond: no phase is that
    large."""
    b, form = e.builder, e.form
    k, bits = e.round(b.fmul(x, e.const(2.0 / math.pi)))
    r = x
    for part in form.half_pi:
        r = e.fma(k, e.const(-part), r)
    s = b.fmul(r, r)
    sine = e.fma(b.fmul(r, s), e.polynomial(form.sin, s), r)
    cosine = e.fma(b.fmul(s, s), e.polynomial(form.cos, s), e.fma(s, e.const(-0.5), e.const(1.0)))
    quarter = b.add(bits, e.whole(turn))
    odd = b.icmp_signed("!=", b.and_(quarter, e.whole(1)), e.whole(0))
    value = b.select(odd, cosine, sine)
    minus = b.icmp_signed("!=", b.and_(quarter, e.whole(2)), e.whole(0))
    value = b.select(minus, b.fneg(value), value)
    small = e.less(e.intrinsic("fabs", x), e.const(form.phase))
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
