"""The steps that elements come in, and the bytes of deltas, once more, written from
kernel/README.md with the functions of `second.py`.

    steps.py < CASES        a case is a line of JSON: elements of the last operator of a program,
                            {"program": hex, "length": T, "seed": hex, "tensors": {id: numbers},
                             "elements": [{"row": i, "column": j, "parts": [[steps, from, to]],
                                           "steps": [[number]],
                                           "lies": [{"said": [[number]],
                                                     "judged": [[part, step, number or null]]}]}]}
                            or what bytes are as a delta, and what it makes of masters,
                            {"bytes": hex, "delta": null or {"rows": n, "columns": n, …},
                             "before": numbers, "after": numbers}

Of each element the parts before it, all steps, and what a judge makes of single steps when others
are said to be what they are not: null for what is refused. The first difference ends the program
with status 1.
"""

import operator
from types import SimpleNamespace

import second
from second import (
    Bytes, aligned, cases, chacha8, differ, exp2f, exponent_of, inner, inverse, log2, power,
    quotient, read, resolved, rounded, sat, times,
)

# Parts


class Refused(Exception):
    """Someone says of a step what it cannot be."""


class Element:
    """An element in parts: of each how many steps it has, from and to what, and how one is made of
    what is said of others."""

    def __init__(self, of, i, j):
        self.of, self.i, self.j = of, i, j
        self.parts, self.said = [], []

    def part(self, count, span, make):
        self.parts.append((count, span, make))
        return len(self.parts) - 1

    def at(self, part, index):
        have, (least, most) = self.said[part][index], self.parts[part][1]
        if not least <= have <= most:
            raise Refused
        return have

    def end(self, part):
        return self.at(part, self.parts[part][0] - 1)

    def so_far(self, count, span, join, number):
        part = len(self.parts)
        return self.part(
            count, span, lambda k: join(self.at(part, k - 1), number(k)) if k else number(k)
        )

    def total(self, count, span, number):
        return self.so_far(count, span, operator.add, number)

    def largest(self, count, span, number):
        return self.so_far(count, span, max, number)

    def element(self, make):
        b = self.of.b
        return self.part(1, None, lambda _: make() if b is None else sat(b, make()))

    def expand(self):
        self.said = []
        for count, _, make in self.parts:
            self.said.append([])
            for k in range(count):
                self.said[-1].append(make(k))
        return self.said

    def judge(self, said, part, index):
        self.said = said
        try:
            return self.parts[part][2](index)
        except Refused:
            return None


def around(most):
    return -most, most


# Operators, named as in the table; `one` is the element.


def normed(one, c, count, d, epsilon):
    """Two parts, and N of a column."""
    largest = one.largest(count, (0, 1 << 33), lambda k: abs(c(k)))

    def t(k):
        if abs(c(k)) > one.end(largest):
            raise Refused
        return aligned(c(k), exponent_of(one.end(largest)))

    squares = one.total(count, (0, 1 << 60), lambda k: t(k) ** 2)

    def n(k):
        if t(k) ** 2 > one.end(squares):
            raise Refused
        a, h = inverse(one.end(squares), d, epsilon, exponent_of(one.end(largest)))
        return rounded(t(k) * a, 15 - h)

    return n


def rms_norm(one, x, gains, scale, epsilon, groups):
    count = len(x[0]) // groups
    column = one.j % count
    group = x[one.i][one.j - column :][:count]
    n = normed(one, lambda k: group[k], count, count, epsilon)
    one.element(lambda: times(n(column) * gains[0][column], scale))


def layer_norm(one, x, gains, biases, scale, epsilon):
    row, j, count = x[one.i], one.j, len(x[0])
    sums = one.total(count, around(1 << 52), lambda k: row[k])
    n = normed(one, lambda k: row[k] - quotient(one.end(sums), count), count, count, epsilon)
    one.element(lambda: times(n(j) * gains[0][j], scale) + biases[0][j])


def unit(one, x, scale):
    n = normed(one, lambda k: x[one.i][k], len(x[0]), 1, 0)
    one.element(lambda: times(n(one.j), scale))


def exponent(one, x, w):
    largest = one.largest(len(x[0]), (0, 1 << 33), lambda k: abs(x[one.i][k]))
    one.element(lambda: max(0, one.end(largest).bit_length() - (w - 1)))


def mean(one, x):
    sums = one.total(len(x), around(1 << 52), lambda r: x[r][one.j])
    one.element(lambda: quotient(one.end(sums), len(x)))


def attention(one, x, y, z, scale, h, g, f, causal):
    d = len(x[0]) // h
    a, column = divmod(one.j, d)
    mine, theirs = a * d, a * g // h * d
    seen = one.i + 1 if causal else one.of.length

    def product(k):
        r, c = divmod(k, d)
        now = x[one.i][mine + c] * y[r][theirs + c]
        return one.at(products, k - 1) + now if c else now

    def s(r):
        return one.at(products, r * d + d - 1)

    def p(r):
        return power(one.end(largest) - s(r), scale)

    def mean_of():
        whole, o = one.end(powers), one.end(values)
        if whole == 0 or abs(o) >> 11 > whole:
            raise Refused
        return rounded(o * ((1 << 47) // whole), 47 - f)

    products = one.part(d * seen, around(1 << 30), product)
    largest = one.largest(seen, around(1 << 30), s)
    powers = one.total(seen, (0, 1 << 32), p)
    values = one.total(seen, around(1 << 60), lambda r: p(r) * z[r][theirs + column])
    one.element(mean_of)


def share(one, x, choices, scale, every):
    row, chosen = x[one.i], choices[one.i]
    among = row if every else [row[j] for j in chosen]

    def p(number):
        return power(one.end(largest) - number, scale)

    def part_of():
        part = (1 << 46) // max(1, one.end(powers))
        return min(32767, rounded(p(row[chosen[one.j]]) * part, 31))

    largest = one.largest(len(among), around(1 << 32), lambda k: among[k])
    powers = one.total(len(among), (0, 1 << 60), lambda k: p(among[k]))
    one.element(part_of)


def cross_entropy(one, x, targets, scale):
    row, (target,) = x[one.i], targets[one.i]

    def behind(k, most):
        return max(0, min(most, times(one.end(largest) - row[k], scale)))

    def lost():
        if target < 0:
            return -1
        bits = log2(max(1, one.end(powers))) - (31 << 24) + behind(target, 1 << 36)
        return min((1 << 31) - 1, rounded(bits * 693147, 24))

    largest = one.largest(len(row), around(1 << 32), lambda k: row[k])
    powers = one.total(len(row), (0, 1 << 60), lambda k: exp2f(behind(k, 1 << 30)))
    one.element(lost)


def moved(one, masters, high, wide, s):
    i, j = one.i, one.j
    product = one.total(len(wide), around(1 << 60), lambda r: high[i][r] * wide[r][j])
    one.element(lambda: sat(16, masters[i][j] + rounded(one.end(product), s)))


def choose(one, x, _):
    row, found = x[one.i], None
    for _ in range(one.j + 1):
        found = first_behind(one, row, found)
    one.element(lambda: one.end(found))


def first_behind(one, row, last):
    """A search among what comes behind the end of the one before, if there is one."""

    def place(j):
        return -row[j], j

    def make(k):
        best = one.at(part, k - 1) if k else -1
        if last is not None:
            if one.end(last) < 0:
                raise Refused
            if place(k) <= place(one.end(last)):
                return best
        return k if best < 0 or row[k] > row[best] else best

    part = one.part(len(row), (-1, len(row) - 1), make)
    return part


def sample(one, x, rule):
    if rule is None:
        choose(one, x, None)
    else:
        draw(one, x[one.i], rule, one.of.length - 1 if len(x) == 1 else one.i)


def draw(one, numbers, rule, position):
    (scale, k, q), n, w, span = rule, len(numbers), one.of.w, (0, 1 << 36)
    raised, k = [number + (1 << (w - 1)) for number in numbers], min(k, n)
    random = chacha8(one.of.seed, position)

    def p(v):
        return power(one.end(largest) + (1 << (w - 1)) - v, scale)

    def search(counted, is_enough):
        found = None
        for bit in reversed(range(w)):
            found = searched(found, 1 << bit, counted, is_enough)
        return lambda: one.end(found)

    def searched(last, bit, counted, is_enough):
        def make(j):
            v = 0 if last is None else one.end(last)
            before = one.at(part, j - 1) if j else 0
            if j == n:
                return v + bit if is_enough(v + bit, before) else v
            return before + (counted(raised[j]) if raised[j] >= v + bit else 0)

        part = one.part(n + 1, span, make)
        return part

    def above(least, ended):
        """Powers of what is larger, and with the last step what is made of them."""

        def make(j):
            before = one.at(part, j - 1) if j else 0
            if j == n:
                return ended(before)
            return before + (p(raised[j]) if raised[j] > least() else 0)

        part = one.part(n + 1, span, make)
        return part

    def needed():
        return -(-q * one.end(whole) >> 16)

    def filled(s):
        return s - (s - needed()) // max(1, p(b())) * p(b())

    def point():
        return random * one.end(kept) >> 64

    def find(j):
        before = one.at(found, j - 1) if j else -1
        is_it = raised[j] == c() and one.at(alike, j) == one.end(place) + 1
        return j if before < 0 and is_it else before

    largest = one.largest(n, around(1 << (w - 1)), lambda j: numbers[j])
    a = search(lambda _: 1, lambda _, count: count >= k)
    larger = one.total(n, span, lambda j: int(raised[j] > a()))
    whole = above(a, lambda s: s + (k - one.end(larger)) * p(a()))
    b = search(p, lambda v, s: v <= a() or s >= needed())
    kept = above(b, filled)
    c = search(p, lambda v, s: v <= b() or s > point())
    place = above(c, lambda s: (point() - s) // max(1, p(c())))
    alike = one.total(n, span, lambda j: int(raised[j] == c()))
    found = one.part(n, (-1, n - 1), find)
    one.element(lambda: one.end(found))


PARTS = {
    getattr(second, function.__name__): function
    for function in [
        rms_norm, layer_norm, unit, exponent, mean, attention, share, cross_entropy, moved, choose,
        sample,
    ]
}


def elements(number, case):
    """How many steps are the same."""
    tensors, operators, given = read(case, case["tensors"])
    function, parts, result = operators[-1]
    of = SimpleNamespace(
        b=tensors[result].b, w=tensors[parts[0]].b, length=case["length"],
        seed=bytes.fromhex(case["seed"]),
    )
    compared = 0
    for found in case["elements"]:
        one = Element(of, found["row"], found["column"])
        if function in PARTS:
            PARTS[function](one, *resolved(parts, given))
        place = f"case {number} ({function.__name__}), row {one.i}, column {one.j}"
        have = [[count, *span] for count, span, _ in one.parts if span]
        if have != found["parts"]:
            differ(f"{place}, parts", have, found["parts"])
        for part, rows in enumerate(zip(one.expand(), found["steps"], strict=True)):
            for k, (a, b) in enumerate(zip(*rows, strict=True)):
                if a != b:
                    differ(f"{place}, part {part}, step {k}", a, b)
            compared += len(rows[0])
        for lie in found["lies"]:
            for part, k, need in lie["judged"]:
                have = one.judge(lie["said"], part, k)
                if have != need:
                    differ(f"{place}, part {part}, step {k} where others are not so", have, need)
            compared += len(lie["judged"])
    return compared


# Deltas


def u32(number):
    return number.to_bytes(4, "little")


def i16(number):
    return number.to_bytes(2, "little", signed=True)


def listed(items, one):
    return u32(len(items)) + b"".join(map(one, items))


def encoded(delta):
    shape = u32(delta["rows"]) + u32(delta["columns"])
    if "changed" in delta:
        return b"\0" + shape + listed(
            delta["changed"],
            lambda row: u32(row[0]) + listed(row[1], lambda one: u32(one[0]) + i16(one[1])),
        )
    factors = listed(delta["high"], i16) + listed(delta["wide"], i16)
    return b"\1" + shape + u32(delta["rank"]) + bytes([delta["shift"]]) + factors


def decoded(held):
    """The delta of which these are the bytes, or none."""
    source = Bytes(held)

    def change():
        number = source.number(2)
        return number - (number >> 15 << 16)

    try:
        kind = source.number(1)
        delta = {"rows": source.number(4), "columns": source.number(4)}
        if kind == 0:
            delta["changed"] = source.list(
                lambda: [source.number(4), source.list(lambda: [source.number(4), change()])]
            )
        else:
            assert kind == 1
            delta |= {"rank": source.number(4), "shift": source.number(1)}
            delta |= {"high": source.list(change), "wide": source.list(change)}
        assert source.at == len(held) and is_delta(delta)
    except AssertionError:
        return None
    return delta


def is_delta(delta):
    rows, columns = delta["rows"], delta["columns"]
    if rows == 0 or columns == 0:
        return False
    if "changed" in delta:
        numbers = [change for _, row in delta["changed"] for _, change in row]
        fits = 0 not in numbers and ascends(delta["changed"], rows)
        fits = fits and all(row and ascends(row, columns) for _, row in delta["changed"])
    else:
        rank, numbers = delta["rank"], delta["high"] + delta["wide"]
        fits = 1 <= rank <= 1 << 16 and delta["shift"] <= 62
        fits = fits and len(delta["high"]) == rows * rank and len(delta["wide"]) == rank * columns
    return fits and -32768 not in numbers


def ascends(items, below):
    places = [place for place, _ in items]
    return places == sorted(set(places)) and all(place < below for place in places)


def applied(delta, masters):
    rows, columns = delta["rows"], delta["columns"]
    if "changed" in delta:
        changes = {(i, j): change for i, row in delta["changed"] for j, change in row}
    else:
        rank, high, wide = delta["rank"], delta["high"], delta["wide"]
        changes = {
            (i, j): rounded(inner(high[i * rank :][:rank], wide[j::columns]), delta["shift"])
            for i in range(rows)
            for j in range(columns)
        }
    return [sat(16, m + changes.get(divmod(at, columns), 0)) for at, m in enumerate(masters)]


def delta(number, case):
    """How many bytes and masters are the same."""
    held, need = bytes.fromhex(case["bytes"]), case["delta"]
    have = decoded(held)
    if have != need:
        differ(f"case {number}, the delta", have, need)
    if need is None:
        return len(held)
    if encoded(need) != held:
        differ(f"case {number}, its bytes", encoded(need).hex(), case["bytes"])
    have = applied(need, case["before"])
    if have != case["after"]:
        differ(f"case {number}, what it makes", have, case["after"])
    return len(held) + len(have)


if __name__ == "__main__":
    cases(lambda number, case: (delta if "delta" in case else elements)(number, case))
