// What rounds of BLAKE2b-256 over 32 bytes are made of. Words of 64 bits are pairs of 32, the lower
// first, as not every device has longer integers.

struct Part {
    first: u32,
    rounds: u32,
}

// Two for each lane.
@group(0) @binding(0) var<storage, read_write> ends: array<vec4<u32>>;
@group(0) @binding(1) var<uniform> part: Part;

fn plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
    let low = a.x + b.x;
    return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

// To the right, by so many bits.
fn turn16(a: vec2<u32>) -> vec2<u32> {
    return (a >> vec2<u32>(16u, 16u)) | (a.yx << vec2<u32>(16u, 16u));
}

fn turn24(a: vec2<u32>) -> vec2<u32> {
    return (a >> vec2<u32>(24u, 24u)) | (a.yx << vec2<u32>(8u, 8u));
}

fn turn63(a: vec2<u32>) -> vec2<u32> {
    return (a << vec2<u32>(1u, 1u)) | (a.yx >> vec2<u32>(31u, 31u));
}
