"""The kernel once more, written from kernel/README.md: no line of the kernel's arithmetic was read.

    second.py < CASES       computes operators again; a case is a line of JSON:
                            {"program": hex, "length": T, "seed": hex,
                             "tensors": {id: numbers}, "need": {id: numbers}}
    second.py functions     the hash of what functions make of numbers at random

Tensors are lists of integers, row-major. Each operator whose result is in `need`, where the
kernel's numbers are, is computed from `tensors` and `need`: a difference is where it began. The
first number that differs ends the program with status 1. Plain rather than fast, and without one
float; names are those of the README.
"""

import json
import sys
from itertools import accumulate, chain
from math import isqrt
from types import SimpleNamespace

SEMANTICS = 1

# Numbers


def rounded(x, s):
    return (x + (1 << s >> 1)) >> s


def sat(b, x):
    most = (1 << (b - 1)) - 1
    return max(-most, min(most, x))


def quotient(a, n):
    return (2 * a + n) // (2 * n)


def times(x, scale):
    m, s = scale
    return rounded(x * m, s)


def scale_of(constant):
    return constant & 0xFFFF, constant >> 16


def weights(masters):
    return [[sat(8, rounded(master, 8)) for master in row] for row in masters]


def inner(x, y):
    return sum(a * b for a, b in zip(x, y, strict=True))


# Functions


def exp2(z):
    f, n = z % (1 << 16) // 2, z >> 16
    if n > 16:
        return 0
    t = 3483 - rounded(444 * f, 15)
    t = 62772 - rounded(t * f, 13)
    t = 90844 - rounded(t * f, 16)
    return min(32767, rounded(32768 - rounded(t * f, 17), n))


ROOTS = [1 << 30]
for _ in range(24):
    ROOTS.append(isqrt(ROOTS[-1] << 31))


def exp2f(z):
    n = z >> 24
    if n > 31:
        return 0
    r = 1 << 31
    for k in range(1, 25):
        if z >> (24 - k) & 1:
            r = rounded(r * ROOTS[k], 31)
    return rounded(r, n)


def log2(x):
    n = x.bit_length() - 1
    y = x << (31 - n) if n <= 31 else x >> (n - 31)
    result = n
    for _ in range(24):
        y = y * y >> 31
        bit = y >= 1 << 32
        y >>= bit
        result = 2 * result + bit
    return result


def invroot(v):
    # Even, and such that v has 29 or 30 binary digits.
    z = 29 - v.bit_length()
    z += z % 2
    part = v << z if z >= 0 else v >> -z
    assert 1 << 28 <= part < 1 << 30
    return isqrt((1 << 62) // part), z // 2


def exponent_of(largest):
    return max(-15, largest.bit_length() - 20)


def aligned(c, e):
    return rounded(c, e) if e >= 0 else c << -e


def inverse(squares, d, epsilon, e):
    v = squares // d
    v += epsilon >> (2 * e) if e >= 0 else epsilon << (-2 * e)
    return invroot(v) if v > 0 else (0, 0)


def normal(c, d, epsilon):
    e = exponent_of(max(map(abs, c)))
    t = [aligned(one, e) for one in c]
    a, h = inverse(sum(one * one for one in t), d, epsilon, e)
    return [rounded(one * a, 15 - h) for one in t]


def sigmoid(z):
    p = exp2(abs(z))
    return quotient(1 << 31 if z >= 0 else p << 16, (1 << 15) + p)


def normcdf(z):
    u = min(abs(z), 1 << 19)
    t = (1 << 62) // ((1 << 32) + rounded(u * 15545348, 10))
    q = 0
    for a in [1139675401, 1560310108, 1526231382, 305476044, 273621191]:
        q = rounded(t * (a - q), 30)
    r = rounded(q * exp2f(rounded(u * u * 24204406, 33)), 31)
    return (1 << 16) - rounded(r, 15) if z >= 0 else rounded(r, 15)


def signed(function, x, scale):
    z = times(abs(x), scale)
    return function(-z if x < 0 else z)


def chacha8(key, block):
    """The first eight bytes of a block of the key stream, as a number."""
    words = [int.from_bytes(key[at : at + 4], "little") for at in range(0, 32, 4)]
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *words, block, 0, 0, 0]
    x = list(start)

    def mix(a, b, d, turn):
        x[a] = (x[a] + x[b]) & 0xFFFFFFFF
        x[d] ^= x[a]
        x[d] = (x[d] << turn | x[d] >> (32 - turn)) & 0xFFFFFFFF

    def quarter(a, b, c, d):
        for first, second in [(16, 12), (8, 7)]:
            mix(a, b, d, first)
            mix(c, d, b, second)

    for _ in range(4):
        for at in range(4):
            quarter(at, at + 4, at + 8, at + 12)
        for at in range(4):
            quarter(at, (at + 1) % 4 + 4, (at + 2) % 4 + 8, (at + 3) % 4 + 12)
    low, high = ((x[at] + start[at]) & 0xFFFFFFFF for at in (0, 1))
    return high << 32 | low


# Operators: `of` has the width of the result, the length of the sequence and its seed; tensors are
# lists of rows.


def each(of, function, *tensors):
    rows = zip(*tensors, strict=True)
    return [[sat(of.b, function(*ones)) for ones in zip(*row, strict=True)] for row in rows]


def embed(of, x, y, scale):
    return each(of, lambda a: times(a, scale), [y[token] for (token,) in x])


def position(of, x, y, scale):
    return each(of, lambda a: times(a, scale), y[: len(x)])


def add(of, x, y):
    return each(of, lambda a, b: a + b, x, y)


def rms_norm(of, x, gains, scale, epsilon, groups):
    part = len(x[0]) // groups
    made = []
    for row in x:
        groups = (normal(row[at : at + part], part, epsilon) for at in range(0, len(row), part))
        columns = enumerate(chain.from_iterable(groups))
        made.append([sat(of.b, times(one * gains[0][j % part], scale)) for j, one in columns])
    return made


def layer_norm(of, x, gains, biases, scale, epsilon):
    made = []
    for row in x:
        middle = quotient(sum(row), len(row))
        n = normal([one - middle for one in row], len(row), epsilon)
        columns = zip(n, gains[0], biases[0], strict=True)
        made.append([sat(of.b, times(one * gain, scale) + bias) for one, gain, bias in columns])
    return made


def narrow(of, x, scale):
    return each(of, lambda a: times(a, scale), x)


def exponent(of, x, w):
    return [[max(0, max(map(abs, row)).bit_length() - (w - 1))] for row in x]


def shift(of, x, exponents):
    return each(of, rounded, x, [e * len(row) for e, row in zip(exponents, x, strict=True)])


def product(of, row, w, scales, biases, e):
    made = []
    for j, weight in enumerate(w):
        m, s = scale_of(scales[0][j])
        bias = biases[0][j] if biases else 0
        made.append(sat(of.b, rounded(m * inner(row, weight), s - e) + bias))
    return made


def linear(of, x, masters, scales, biases, exponents):
    w = weights(masters)
    shifts = [e for (e,) in exponents] if exponents else [0] * len(x)
    return [product(of, row, w, scales, biases, e) for row, e in zip(x, shifts, strict=True)]


def rotate(of, x, cosines, sines, heads):
    r = len(x[0]) // heads // 2
    made = []
    for i, row in enumerate(x):
        turned = list(row)
        for at in range(0, len(row), 2 * r):
            for c in range(r):
                a, b = row[at + c], row[at + c + r]
                cosine, sine = cosines[i][c], sines[i][c]
                turned[at + c] = sat(of.b, rounded(a * cosine - b * sine, 14))
                turned[at + c + r] = sat(of.b, rounded(b * cosine + a * sine, 14))
        made.append(turned)
    return made


def power(difference, scale):
    return exp2(max(0, min(1 << 21, times(difference, scale))))


def powers(row, most, scale):
    return [power(most - one, scale) for one in row]


def attention(of, x, y, z, scale, h, g, f, causal):
    d = len(x[0]) // h
    made = [[] for _ in x]
    for i, row in enumerate(made):
        seen = range(i + 1 if causal else of.length)
        for a in range(h):
            mine, theirs = a * d, a * g // h * d
            s = [inner(x[i][mine : mine + d], y[r][theirs : theirs + d]) for r in seen]
            p = powers(s, max(s), scale)
            part = (1 << 47) // sum(p)
            for c in range(theirs, theirs + d):
                o = sum(p[r] * z[r][c] for r in seen)
                row.append(sat(of.b, rounded(o * part, 47 - f)))
    return made


def gated(of, x, y, scale, second):
    def gate(a):
        return rounded(a * signed(sigmoid, a, scale), 8)

    return each(of, lambda a, b: times(gate(a) * b, second), x, y)


def gelu(of, x, scale, second):
    return each(of, lambda a: times(a * signed(normcdf, a, scale), second), x)


def relu(of, x):
    return [[max(0, one) for one in row] for row in x]


def ordered(row):
    return sorted(range(len(row)), key=lambda j: (-row[j], j))


def choose(of, x, k):
    return [ordered(row)[:k] for row in x]


def share(of, x, choices, scale, every):
    made = []
    for row, chosen in zip(x, choices, strict=True):
        mine = [row[j] for j in chosen]
        among = row if every else mine
        part = (1 << 46) // sum(powers(among, max(among), scale))
        made.append([min(32767, rounded(p * part, 31)) for p in powers(mine, max(among), scale)])
    return made


def expert(of, x, choices, experts, exponents):
    k = len(choices[0])
    experts = [(weights(masters), scales) for masters, scales in experts]
    made = []

    def at(rows, t, s):
        """The row of the token where there is one a token, else that of the slot."""
        return rows[t] if len(rows) == of.length else rows[t * k + s]

    for t, row in enumerate(choices):
        for s, chosen in enumerate(row):
            e = at(exponents, t, s)[0] if exponents else 0
            made.append(product(of, at(x, t, s), *experts[chosen], None, e))
    return made


def combine(of, x, shares):
    made = []
    for i, row in enumerate(shares):
        slots = x[i * len(row) : (i + 1) * len(row)]
        parts = [[rounded(a * b, 15) for b in slot] for a, slot in zip(row, slots, strict=True)]
        made.append([sum(column) for column in zip(*parts)])
    return each(of, lambda a: a, made)


def mean(of, x):
    return [[quotient(sum(column), of.length) for column in zip(*x, strict=True)]]


def first(of, x):
    return x[:1]


def last(of, x):
    return x[-1:]


def unit(of, x, scale):
    return each(of, lambda n: times(n, scale), [normal(row, 1, 0) for row in x])


def cross_entropy(of, x, targets, scale):
    made = []
    for row, (target,) in zip(x, targets, strict=True):
        if target < 0:
            made.append([-1])
            continue
        most = max(row)
        behind = [times(most - one, scale) for one in row]
        total = sum(exp2f(min(1 << 30, one)) for one in behind)
        bits = log2(total) - (31 << 24) + min(1 << 36, behind[target])
        made.append([min((1 << 31) - 1, rounded(bits * 693147, 24))])
    return made


def sample(of, x, rule):
    made = []
    for i, row in enumerate(x):
        columns = ordered(row)
        if rule is None:
            made.append(columns[:1])
            continue
        scale, k, q = rule
        columns = columns[:k]
        p = powers([row[j] for j in columns], row[columns[0]], scale)
        sums = list(accumulate(p))
        whole = next(one for one in sums if one >= -(-q * sums[-1] // (1 << 16)))
        random = chacha8(of.seed, of.length - 1 if len(x) == 1 else i)
        found = next(n for n, one in enumerate(sums) if one > random * whole >> 64)
        made.append([columns[found]])
    return made


def scale(of, x, gains, by):
    return each(of, lambda a, b: times(a * b, by), x, gains * len(x))


def moved(_, masters, high, wide, s):
    columns = list(zip(*wide))
    product = [[rounded(inner(row, column), s) for column in columns] for row in high]
    return [[sat(16, m + d) for m, d in zip(*rows)] for rows in zip(masters, product, strict=True)]


def changed(_, masters, ends, places, changes):
    pairs, made, start = list(zip(sum(places, []), sum(changes, []))), [], 0
    for row, end in zip(masters, *ends, strict=True):
        here, start = dict(pairs[start:end]), end
        made.append([sat(16, m + here.get(j, 0)) for j, m in enumerate(row)])
    return made


# What each is made of: t a tensor, m one that may be missing, s a scale, n a u32, b a u8, f what is
# so or not, x experts, r a rule.
OPERATORS = {
    1: (embed, "tts"), 2: (position, "tts"), 3: (add, "tt"), 4: (rms_norm, "ttsnn"),
    5: (layer_norm, "tttsn"), 6: (narrow, "ts"), 7: (exponent, "tb"), 8: (shift, "tt"),
    9: (linear, "tttmm"), 10: (rotate, "tttn"), 11: (attention, "tttsnnbf"), 12: (gated, "ttss"),
    13: (gelu, "tss"), 14: (relu, "t"), 15: (choose, "tn"), 16: (share, "ttsf"),
    17: (expert, "ttxm"), 18: (combine, "tt"), 19: (mean, "t"), 20: (first, "t"), 21: (last, "t"),
    22: (unit, "ts"), 23: (cross_entropy, "tts"), 24: (sample, "tr"), 25: (scale, "tts"),
    26: (moved, "tttb"), 27: (changed, "tttt"),
}


# Bytes


class Id(int):
    """The number of a tensor."""


class Bytes:
    def __init__(self, held):
        self.held, self.at = held, 0

    def number(self, size):
        part = self.held[self.at : self.at + size]
        assert len(part) == size, "the program ends too early"
        self.at += size
        return int.from_bytes(part, "little")

    def flag(self):
        return [False, True][self.number(1)]

    def list(self, one):
        return [one() for _ in range(self.number(4))]

    def tensor(self):
        rows = self.number(1)
        count = {0: lambda n, _: n, 1: lambda _, t: t, 2: lambda n, t: n * t, 3: lambda *_: 1}[rows]
        many = self.number(4) if rows in (0, 2) else 0
        columns, values = self.number(4), self.number(1)
        extra = self.number({0: 4, 1: 4, 2: 1, 3: 0, 4: 0, 5: 1, 6: 0, 7: 4, 8: 1, 9: 0}[values])
        b = {2: extra, 5: extra, 6: 32}.get(values)
        return SimpleNamespace(rows=lambda length: count(many, length), columns=columns, b=b)

    def rule(self):
        return [lambda: None, lambda: tuple(map(self.part, "snn"))][self.number(1)]()

    def part(self, kind):
        return {
            "t": lambda: Id(self.number(4)),
            "m": lambda: self.part("t") if self.flag() else None,
            "s": lambda: (self.number(2), self.number(1)),
            "n": lambda: self.number(4),
            "b": lambda: self.number(1),
            "f": self.flag,
            "x": lambda: self.list(lambda: (self.part("t"), self.part("t"))),
            "r": self.rule,
        }[kind]()

    def operator(self):
        function, form = OPERATORS[self.number(2)]
        return function, [self.part(kind) for kind in form], self.part("t")

    def program(self):
        assert self.number(2) == SEMANTICS, "of other semantics"
        self.number(4)
        tensors, operators = self.list(self.tensor), self.list(self.operator)
        self.number(4)
        assert self.at == len(self.held), "there is something behind the program"
        return tensors, operators


# Cases


def matrix(tensor, length, numbers):
    rows, columns = tensor.rows(length), tensor.columns
    assert len(numbers) == rows * columns, "a tensor of another size"
    return [numbers[at : at + columns] for at in range(0, len(numbers), columns)]


def read(case, numbers):
    """The tensors and operators of a program, and the numbers of tensors as rows."""
    tensors, operators = Bytes(bytes.fromhex(case["program"])).program()
    given = {int(id): matrix(tensors[int(id)], case["length"], n) for id, n in numbers.items()}
    return tensors, operators, given


def resolved(one, given):
    """What an operator is made of, with rows where it names a tensor."""
    if isinstance(one, Id):
        return given[one]
    if isinstance(one, (list, tuple)):
        return type(one)(resolved(part, given) for part in one)
    return one


def compare(number, case):
    """How many numbers are the same; ends the program where one is not."""
    tensors, operators, given = read(case, case["tensors"] | case["need"])
    length, seed = case["length"], bytes.fromhex(case["seed"])
    left, compared = {int(id) for id in case["need"]}, 0

    for index, (function, parts, result) in enumerate(operators):
        if result not in left:
            continue
        left.remove(result)
        of = SimpleNamespace(b=tensors[result].b, length=length, seed=seed)
        have, need = function(of, *resolved(parts, given)), given[result]
        place = f"case {number}, operator {index} ({function.__name__})"
        assert [len(row) for row in have] == [len(row) for row in need], f"{place}: the shape"
        for i, rows in enumerate(zip(have, need)):
            for j, (a, b) in enumerate(zip(*rows)):
                if a != b:
                    differ(f"{place}, row {i}, column {j}", a, b)
            compared += len(rows[0])
    assert not left, f"case {number}: no operator makes {left}"
    return compared


def differ(place, have, need):
    print(f"{place}: have {have}, need {need}")
    sys.exit(1)


def cases(one):
    compared = [one(number, json.loads(line)) for number, line in enumerate(sys.stdin)]
    print(f"{len(compared)} cases, {sum(compared)} numbers")


# Functions at random, as kernel/src/math/tests.rs has them


class Random:
    def __init__(self, state):
        self.state = state

    def draw(self):
        mask = (1 << 64) - 1
        self.state = self.state + 0x9E3779B97F4A7C15 & mask
        x = (self.state ^ self.state >> 30) * 0xBF58476D1CE4E5B9 & mask
        x = (x ^ x >> 27) * 0x94D049BB133111EB & mask
        return x ^ x >> 31

    def below(self, end):
        return self.draw() % end


def functions():
    random, made = Random(1), []
    for _ in range(3000):
        x = random.draw()
        x >>= random.below(64)
        up, down = x - (x >> 63 << 64), -(x >> 1)
        made += [exp2(x), exp2f(x), log2(max(1, x)), *invroot(max(1, x >> 3))]
        made += [sigmoid(up), sigmoid(down), normcdf(up), normcdf(down)]
    for _ in range(500):
        length, few = 1 + random.below(9), random.below(33)
        row = [random.below(1 << 34) - (1 << 33) + 1 >> few for _ in range(length)]
        divisor = 1 if random.below(2) == 0 else length
        made += normal(row, divisor, random.below(1 << 32) >> few)
    # FNV-1a of 64 bits each.
    result = 0xCBF29CE484222325
    for byte in b"".join(one.to_bytes(8, "little", signed=True) for one in made):
        result = (result ^ byte) * 0x100000001B3 % (1 << 64)
    print(f"{result:#018x}")


if __name__ == "__main__":
    functions() if sys.argv[1:] == ["functions"] else cases(compare)
