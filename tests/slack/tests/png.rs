//! PNG pictures, made and looked at without a library: the form is
//! <https://www.w3.org/TR/png-3/>.

const MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

/// A line that climbs over a threshold.
pub(crate) fn graph(width: u32, height: u32) -> Vec<u8> {
    let (wide, high) = (f64::from(width), f64::from(height));
    let curve = |x: u32| {
        let along = f64::from(x) / wide;
        let wave = (along * 40.0).sin() * 0.03;
        let climb = 1.0 / (1.0 + (-(along - 0.7) * 22.0).exp());
        high * (0.82 - wave - 0.6 * climb)
    };
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let line = curve(x) - f64::from(y);
            let colour: [u8; 3] = if line.abs() < 1.6 {
                [29, 78, 216]
            } else if y == height / 2 {
                [192, 35, 67]
            } else if line < 0.0 {
                [224, 232, 250]
            } else if y % 40 == 0 {
                [232, 234, 238]
            } else {
                [255, 255, 255]
            };
            pixels.extend(colour);
        }
    }
    encode(width, height, &pixels)
}

/// Red, green and blue for each point, line by line.
fn encode(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // Eight bits a channel, true colour, no interlacing.
    header.extend([8, 2, 0, 0, 0]);
    let mut lines = Vec::new();
    for line in pixels.chunks(width as usize * 3) {
        lines.push(0);
        lines.extend(line);
    }
    // Deflate without compressing: blocks of at most 65,535 bytes.
    let mut stream = vec![0x78, 0x01];
    let mut blocks = lines.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler(&lines).to_be_bytes());
    let mut png = MAGIC.to_vec();
    for (name, data) in [(b"IHDR", header), (b"IDAT", stream), (b"IEND", Vec::new())] {
        let mut chunk = name.to_vec();
        chunk.extend(&data);
        png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
        png.extend(&chunk);
        png.extend(crc(&chunk).to_be_bytes());
    }
    png
}

fn adler(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    (high << 16) | low
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let odd = crc & 1 == 1;
            crc = (crc >> 1) ^ if odd { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

/// Width and height, and how many bytes the compressed picture has. Nothing where it is no PNG.
pub(crate) fn measure(png: &[u8]) -> Option<(u32, u32, usize)> {
    let number = |at: usize| {
        let bytes = png.get(at..at + 4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    };
    let (width, height) = (number(16)?, number(20)?);
    let mut data = 0;
    let mut at = MAGIC.len();
    while let Some(length) = number(at) {
        let length = length as usize;
        if png.get(at + 4..at + 8)? == b"IDAT" {
            data += length;
        }
        at += 12 + length;
    }
    png.starts_with(MAGIC).then_some((width, height, data))
}

#[test]
fn what_is_drawn_here_is_measured_as_it_was_drawn() {
    let (width, height, data) = measure(&graph(30, 20)).unwrap();
    assert_eq!((width, height), (30, 20));
    assert!(data > 30 * 20 * 3);
    assert_eq!(measure(b"GIF89a"), None);
}
