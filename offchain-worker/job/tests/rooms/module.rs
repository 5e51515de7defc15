//! Small modules, byte by byte.

pub const INPUT_LEN: u8 = 0;
pub const INPUT_READ: u8 = 1;
pub const OUTPUT_WRITE: u8 = 2;
/// The module's own function, which it exports.
pub const RUN: u8 = 3;

pub const UNREACHABLE: u8 = 0x00;
pub const LOOP: u8 = 0x03;
pub const END: u8 = 0x0b;
pub const BRANCH: u8 = 0x0c;
pub const BRANCH_IF: u8 = 0x0d;
pub const CALL: u8 = 0x10;
pub const DROP: u8 = 0x1a;
pub const LOCAL_GET: u8 = 0x20;
pub const LOCAL_TEE: u8 = 0x22;
pub const F32_LOAD: u8 = 0x2a;
pub const I32_STORE: u8 = 0x36;
pub const F32_STORE: u8 = 0x38;
pub const MEMORY_GROW: u8 = 0x40;
pub const F32_CONST: u8 = 0x43;
pub const I32_LESS: u8 = 0x49;
pub const I32_ADD: u8 = 0x6a;
pub const F32_ADD: u8 = 0x92;
pub const SIMD: u8 = 0xfd;
/// A block that gives nothing, and code that takes one byte of alignment and one of offset.
pub const NOTHING: u8 = 0x40;
pub const WORD: [u8; 2] = [2, 0];

/// A module whose function has one local of 32 bits, which begins as zero.
pub struct Draft {
    /// Module, name and type of what it imports.
    pub imports: Vec<(&'static str, &'static str, u8)>,
    /// The limits of its memory.
    pub memory: Vec<u8>,
    /// A table with that many elements.
    pub table: u32,
    pub code: Vec<u8>,
    /// What its function is called.
    pub export: &'static str,
}

impl Draft {
    pub fn of(code: &[&[u8]]) -> Self {
        let given = [("input_len", 1), ("input_read", 2), ("output_write", 3)];
        let imports = given.map(|(name, kind)| ("cairn", name, kind)).to_vec();
        Self { imports, memory: pages(1), table: 0, code: code.concat(), export: "run" }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let own = u8::try_from(self.imports.len()).expect("few");
        let import = |(module, name, kind): &(&str, &str, u8)| {
            [text(module), text(name), vec![0, *kind]].concat()
        };
        let body = [vec![1, 1, 0x7f], self.code.clone(), vec![END]].concat();
        let table = [vec![0x70, 0], number(self.table)].concat();
        let types: [&[u8]; 4] = [
            &[0x60, 0, 0],
            &[0x60, 0, 1, 0x7f],
            &[0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f],
            &[0x60, 2, 0x7f, 0x7f, 0],
        ];
        let exports =
            [[text(self.export), vec![0, own]].concat(), [text("memory"), vec![2, 0]].concat()];
        [
            b"\0asm\x01\0\0\0".to_vec(),
            section(1, &types),
            section(2, &self.imports.iter().map(import).collect::<Vec<_>>()),
            section(3, &[[0_u8]]),
            section(4, &[table]),
            section(5, std::slice::from_ref(&self.memory)),
            section(7, &exports),
            section(10, &[[number(length(&body)), body].concat()]),
        ]
        .concat()
    }
}

/// Gives back what it is given.
pub fn echo() -> Vec<u8> {
    Draft::of(&[&int(0), &int(0), &int(0), &[CALL, INPUT_LEN, CALL, INPUT_READ], &write()]).bytes()
}

/// Writes from a place and so many bytes, which lie on the stack.
pub fn write() -> [u8; 2] {
    [CALL, OUTPUT_WRITE]
}

/// The limits of a memory that begins with so many pages, and has no end.
pub fn pages(count: u32) -> Vec<u8> {
    [vec![0], number(count)].concat()
}

/// Puts a number on the stack.
pub fn int(value: i32) -> Vec<u8> {
    let (mut rest, mut bytes) = (value, vec![0x41]);
    loop {
        let low = (rest & 0x7f) as u8;
        rest >>= 7;
        // The last byte's seventh bit is the sign.
        if (rest == 0 && low < 64) || (rest == -1 && low >= 64) {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("short")
}

fn text(text: &str) -> Vec<u8> {
    [number(length(text.as_bytes())), text.into()].concat()
}

fn section(id: u8, items: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let count = number(u32::try_from(items.len()).expect("few"));
    let items = items.iter().flat_map(|item| item.as_ref().iter().copied());
    let body: Vec<u8> = count.into_iter().chain(items).collect();
    [vec![id], number(length(&body)), body].concat()
}
