//! Of a PEM block nothing is told, and of the lines around it everything.

use super::*;

const BEGIN: &str = "-----BEGIN RSA PRIVATE KEY-----";
const END: &str = "-----END RSA PRIVATE KEY-----";

#[test]
fn a_block_is_told_as_one_mask() {
    let lines = ["all is well.", BEGIN, "MzEfYyjiWA4R4", END, "it was read."];
    assert_eq!(excerpt(lines), ["all is well.", MASK, "it was read."]);
}

#[test]
fn a_block_without_its_end_leaves_nothing() {
    let cases: [&[&str]; 4] = [
        &[BEGIN],
        &[BEGIN, "MzEfYyjiWA4R4"],
        &[BEGIN, "MzEfYyjiWA4R4", "9K7bQ2", "cKj/Vt+8", "UQ=="],
        &[
            BEGIN,
            "Proc-Type: 4,ENCRYPTED",
            "DEK-Info: AES-128-CBC,0A1B2C3D",
            "",
            "MzEfYyjiWA4R4",
            "9K7bQ2",
        ],
    ];
    for lines in cases {
        assert_eq!(excerpt(lines.iter().copied()), [MASK], "{lines:?}");
    }
}

#[test]
fn what_is_logged_behind_a_block_without_its_end_is_told() {
    let lines = [
        BEGIN,
        "MzEfYyjiWA4R4",
        "server started",
        "listening on 3001",
    ];
    assert_eq!(
        excerpt(lines),
        [MASK, "server started", "listening on 3001"]
    );
}

#[test]
fn what_is_logged_before_an_end_without_its_block_is_told() {
    let lines = ["server started", "reading the key failed", END];
    assert_eq!(
        excerpt(lines),
        ["server started", "reading the key failed", MASK]
    );
}
