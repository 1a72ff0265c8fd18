"""Plain loops over arrays, written in Python, as machine code.

What can only be said as a loop, one number after the other, is written as an ordinary function of
numbers and arrays, and runs as such; here it is compiled, statement by statement, with the same
arithmetic in the same order, so that its bits are those of the interpreter. That is a small part
of the language: numbers (``int``, ``float``, ``bool``), arrays of float64 and int64 (``Floats``,
``Integers``), short ones of its own (``array``), assignments, ``if``, ``while``, ``for … in
range``, and calls of other such functions, which may return several values. Arguments and results
say their types; a variable has that of its first value. An array is not looked at beyond its ends
only if the loop sees to that.
"""

# llvmlite ships no types: what comes out of it is unknown to the checker, not wrong.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from llvmlite import ir

from loligo.engine.arrays import array
from loligo.engine.llvm.driver import DOUBLE, I64, POINTER

Kind = Any  # of a value: a name in _KINDS, or a tuple of them
_BOOL = ir.IntType(1)
_KINDS: Mapping[str, Any] = {
    "int": I64, "float": DOUBLE, "bool": _BOOL, "Floats": POINTER, "Integers": POINTER,
}  # fmt: skip
_ELEMENTS = {"Floats": "float", "Integers": "int"}
_COMPARED: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_REAL: Mapping[type[ast.operator], str] = {
    ast.Add: "fadd",
    ast.Sub: "fsub",
    ast.Mult: "fmul",
    ast.Div: "fdiv",
}
# whole numbers are divided where both are 0 or more: there both languages round alike
_WHOLE: Mapping[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.FloorDiv: "sdiv",
    ast.Mod: "srem",
}


class Typed(NamedTuple):
    """A value, and what it is."""

    kind: Kind
    value: Any


def emit_loops(module: ir.Module, functions: Sequence[Callable[..., None]]) -> None:
    """Each of these as ``void NAME(its arguments)``, and what they call."""
    made: dict[Callable[..., Any], ir.Function] = {}
    for function in functions:
        _emit(module, function, made, open_to_all=True)


def _emit(
    module: ir.Module, function: Callable[..., Any], made: dict[Callable[..., Any], ir.Function],
    *, open_to_all: bool = False,
) -> ir.Function:  # fmt: skip
    """A function of the module, emitted if it is not there yet."""
    if function not in made:
        takes, gives = _signature(function)
        name = function.__name__ if open_to_all else f"{function.__module__}.{function.__name__}"
        kind = ir.FunctionType(_type(gives), [_type(each) for each in takes.values()])
        made[function] = ir.Function(module, kind, name)
        made[function].linkage = "" if open_to_all else "internal"
        made[function].attributes.add("nounwind")
        _Body(module, function, made).emit()
    return made[function]


def _signature(function: Callable[..., Any]) -> tuple[dict[str, Kind], Kind]:
    said = dict(inspect.get_annotations(function))
    gives = _kind(said.pop("return"))
    return {name: _kind(text) for name, text in said.items()}, gives


def _kind(text: str) -> Kind:
    if text.startswith("tuple["):
        return tuple(each.strip() for each in text[len("tuple[") : -1].split(","))
    return text


def _type(kind: Kind) -> Any:
    if isinstance(kind, tuple):
        return ir.LiteralStructType([_KINDS[each] for each in kind])
    return ir.VoidType() if kind == "None" else _KINDS[kind]


class _Body:
    """The statements of one function."""

    def __init__(
        self, module: ir.Module, function: Callable[..., Any],
        made: dict[Callable[..., Any], ir.Function],
    ) -> None:  # fmt: skip
        self.module, self.made = module, made
        self.function: Any = function
        self.takes, self.gives = _signature(function)
        self.variables: dict[str, Typed] = {}
        # of the loop around: where it goes on, and where it is done
        self.ends: tuple[Any, Any] | None = None
        self.b: Any = ir.IRBuilder(made[function].append_basic_block("entry"))

    def emit(self) -> None:
        tree = ast.parse(textwrap.dedent(inspect.getsource(self.function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        for (name, kind), value in zip(
            self.takes.items(), self.made[self.function].args, strict=True
        ):
            self._set(name, Typed(kind, value))
        self._all(tree.body)
        if not self.b.block.is_terminated:
            self.b.ret_void() if self.gives == "None" else self.b.unreachable()

    def _all(self, statements: Sequence[ast.stmt]) -> None:
        for each in statements:
            if self.b.block.is_terminated:  # behind a return
                return
            self._how(each)(each)

    # statements

    def _expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self._value(node.value)

    def _assign(self, node: ast.Assign) -> None:
        (target,) = node.targets
        values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        found = [self._value(each) for each in values]
        if not isinstance(target, ast.Tuple):
            self._put(target, found[0])
            return
        if len(found) == 1:
            kinds, packed = found[0]
            found = [Typed(k, self.b.extract_value(packed, i)) for i, k in enumerate(kinds)]
        for each, value in zip(target.elts, found, strict=True):
            self._put(each, value)

    def _augassign(self, node: ast.AugAssign) -> None:
        self._put(
            node.target, self._operated(node.op, self._value(node.target), self._value(node.value))
        )

    def _put(self, target: ast.expr, value: Typed) -> None:
        if isinstance(target, ast.Name):
            self._set(target.id, value)
            return
        assert isinstance(target, ast.Subscript)
        kind, place = self._place(target)
        self.b.store(self._as(kind, value), place)

    def _set(self, name: str, value: Typed) -> None:
        if value.kind in _ELEMENTS:  # an array stays the one that it is
            self.variables[name] = value
            return
        if name not in self.variables:
            with self.b.goto_entry_block():
                room = self.b.alloca(_KINDS[value.kind])
            self.variables[name] = Typed(value.kind, room)
        kind, room = self.variables[name]
        self.b.store(self._as(kind, value), room)

    def _if(self, node: ast.If) -> None:
        if node.orelse:
            with self.b.if_else(self._value(node.test).value) as (then, otherwise):
                with then:
                    self._all(node.body)
                with otherwise:
                    self._all(node.orelse)
            return
        with self.b.if_then(self._value(node.test).value):
            self._all(node.body)

    def _while(self, node: ast.While) -> None:
        self._loop(lambda: self._value(node.test).value, node.body, lambda: None)

    def _for(self, node: ast.For) -> None:
        """Over a range, forwards."""
        assert isinstance(node.target, ast.Name)
        assert isinstance(node.iter, ast.Call)
        name = node.target.id
        bounds = [self._value(each) for each in node.iter.args]
        first, stop = (
            (bounds[0], bounds[1]) if len(bounds) > 1 else (Typed("int", I64(0)), bounds[0])
        )
        with self.b.goto_entry_block():
            counter = self.b.alloca(I64)
        self.b.store(first.value, counter)

        def more() -> Any:
            now = self.b.load(counter, typ=I64)
            self._set(name, Typed("int", now))
            return self.b.icmp_signed("<", now, stop.value)

        def on() -> None:
            self.b.store(self.b.add(self.b.load(counter, typ=I64), I64(1)), counter)

        self._loop(more, node.body, on)

    def _loop(
        self, more: Callable[[], Any], body: Sequence[ast.stmt], on: Callable[[], None]
    ) -> None:
        head, inside, after, done = (
            self.b.append_basic_block(name) for name in ("head", "body", "next", "done")
        )
        outer, self.ends = self.ends, (after, done)
        self.b.branch(head)
        self.b.position_at_end(head)
        self.b.cbranch(more(), inside, done)
        self.b.position_at_end(inside)
        self._all(body)
        if not self.b.block.is_terminated:
            self.b.branch(after)
        self.b.position_at_end(after)
        on()
        self.b.branch(head)
        self.b.position_at_end(done)
        self.ends = outer

    def _break(self, _: ast.Break) -> None:
        assert self.ends
        self.b.branch(self.ends[1])

    def _continue(self, _: ast.Continue) -> None:
        assert self.ends
        self.b.branch(self.ends[0])

    def _return(self, node: ast.Return) -> None:
        if node.value is None:
            self.b.ret_void()
        elif isinstance(node.value, ast.Tuple):
            packed = ir.Constant(_type(self.gives), ir.Undefined)
            for i, (kind, each) in enumerate(zip(self.gives, node.value.elts, strict=True)):
                packed = self.b.insert_value(packed, self._as(kind, self._value(each)), i)
            self.b.ret(packed)
        else:
            value = self._value(node.value)
            self.b.ret(
                value.value if isinstance(self.gives, tuple) else self._as(self.gives, value)
            )

    # expressions

    def _value(self, node: ast.expr) -> Typed:
        return self._how(node)(node)

    def _how(self, node: ast.stmt | ast.expr) -> Callable[[Any], Any]:
        """What is done with such a thing."""
        how = getattr(self, f"_{type(node).__name__.lower()}", None)
        operator = getattr(node, "op", None)
        known = isinstance(operator, (*_REAL, *_WHOLE, ast.Not, ast.USub, ast.And, ast.Or))
        if how is None or not (operator is None or known):
            name, what = self.function.__name__, ast.unparse(node).splitlines()[0]
            raise NotImplementedError(f"{name} cannot be compiled for its {what!r:.80}")
        return how

    def _constant(self, node: ast.Constant) -> Typed:
        return self._known(node.value)

    def _known(self, value: Any) -> Typed:
        return Typed(kind := type(value).__name__, _KINDS[kind](value))

    def _name(self, node: ast.Name) -> Typed:
        if node.id in self.variables:
            kind, room = self.variables[node.id]
            return Typed(kind, room if kind in _ELEMENTS else self.b.load(room, typ=_KINDS[kind]))
        return self._known(self.function.__globals__[node.id])

    def _attribute(self, node: ast.Attribute) -> Typed:
        return self._known({"inf": math.inf, "nan": math.nan}[node.attr])

    def _subscript(self, node: ast.Subscript) -> Typed:
        kind, place = self._place(node)
        return Typed(kind, self.b.load(place, typ=_KINDS[kind]))

    def _place(self, node: ast.Subscript) -> tuple[Kind, Any]:
        base, index = self._value(node.value), self._value(node.slice)
        kind = _ELEMENTS[base.kind]
        place = self.b.gep(base.value, [index.value], inbounds=True, source_etype=_KINDS[kind])
        return kind, place

    def _binop(self, node: ast.BinOp) -> Typed:
        return self._operated(node.op, self._value(node.left), self._value(node.right))

    def _operated(self, how: ast.operator, left: Typed, right: Typed) -> Typed:
        if left.kind == right.kind == "int":
            return Typed("int", getattr(self.b, _WHOLE[type(how)])(left.value, right.value))
        values = (self._as("float", each) for each in (left, right))
        return Typed("float", getattr(self.b, _REAL[type(how)])(*values))

    def _unaryop(self, node: ast.UnaryOp) -> Typed:
        kind, value = self._value(node.operand)
        if isinstance(node.op, ast.Not):
            return Typed("bool", self.b.not_(value))
        return Typed(kind, self.b.fneg(value) if kind == "float" else self.b.neg(value))

    def _compare(self, node: ast.Compare) -> Typed:
        left = self._value(node.left)
        found = None
        for how, other in zip(node.ops, node.comparators, strict=True):
            right = self._value(other)
            one = self._compared(_COMPARED[type(how)], left, right)
            found = one if found is None else self.b.and_(found, one)
            left = right
        return Typed("bool", found)

    def _compared(self, how: str, left: Typed, right: Typed) -> Any:
        if left.kind == right.kind and left.kind != "float":
            return self.b.icmp_signed(how, left.value, right.value)
        a, b = (self._as("float", each) for each in (left, right))
        return self.b.fcmp_unordered(how, a, b) if how == "!=" else self.b.fcmp_ordered(how, a, b)

    def _boolop(self, node: ast.BoolOp) -> Typed:
        """The second is looked at only where the first leaves it open."""
        with self.b.goto_entry_block():
            room = self.b.alloca(_BOOL)
        done = self.b.append_basic_block("known")
        for each in node.values:
            value = self._value(each).value
            self.b.store(value, room)
            more = self.b.append_basic_block("and")
            both = isinstance(node.op, ast.And)
            self.b.cbranch(value, *((more, done) if both else (done, more)))
            self.b.position_at_end(more)
        self.b.branch(done)
        self.b.position_at_end(done)
        return Typed("bool", self.b.load(room, typ=_BOOL))

    def _ifexp(self, node: ast.IfExp) -> Typed:
        found: list[tuple[Typed, Any]] = []
        with self.b.if_else(self._value(node.test).value) as (then, otherwise):
            with then:
                found.append((self._value(node.body), self.b.block))
            with otherwise:
                found.append((self._value(node.orelse), self.b.block))
        kind = found[0][0].kind
        value = self.b.phi(_KINDS[kind])
        for each, block in found:
            value.add_incoming(each.value, block)
        return Typed(kind, value)

    def _call(self, node: ast.Call) -> Typed:
        assert isinstance(node.func, ast.Name)
        name, given = node.func.id, node.args
        function = self.function.__globals__.get(name)
        if function is array:
            return self._array(given[0])
        values = [self._value(each) for each in given]
        if function is None or function is math.sqrt:
            return self._built_in(name, values)
        callee = _emit(self.module, function, self.made)
        takes, gives = _signature(function)
        arguments = [self._as(k, v) for k, v in zip(takes.values(), values, strict=True)]
        return Typed(gives, self.b.call(callee, arguments))

    def _array(self, size: ast.expr) -> Typed:
        assert isinstance(size, ast.Constant)
        assert isinstance(size.value, int)
        with self.b.goto_entry_block():
            room = self.b.alloca(DOUBLE, size.value)
        for i in range(size.value):
            place = self.b.gep(room, [I64(i)], inbounds=True, source_etype=DOUBLE)
            self.b.store(DOUBLE(0.0), place)
        return Typed("Floats", self.b.bitcast(room, POINTER))

    def _built_in(self, name: str, values: Sequence[Typed]) -> Typed:
        if name == "float":
            return Typed("float", self._as("float", values[0]))
        if name in ("abs", "sqrt"):
            what = self.module.declare_intrinsic(f"llvm.{'f' * (name == 'abs')}{name}", [DOUBLE])
            return Typed("float", self.b.call(what, [self._as("float", values[0])]))
        best = values[0]
        for other in values[1:]:  # min, max: of equals the first
            better = self._compared("<" if name == "min" else ">", other, best)
            best = Typed(best.kind, self.b.select(better, other.value, best.value))
        return best

    def _as(self, kind: Kind, value: Typed) -> Any:
        """The value as a number of that kind."""
        if value.kind == "int" and kind == "float":
            return self.b.sitofp(value.value, DOUBLE)
        assert value.kind == kind, (self.function.__name__, kind, value.kind)
        return value.value
