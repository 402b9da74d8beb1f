//! CBOR as `rpc-v2-cbor` has it, read into the JSON that services take and written from the JSON that
//! they answer.
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html#shape-serialization>

use std::convert::Infallible;

use minicbor::{
    Decoder, Encoder,
    data::{IanaTag, Type},
    decode, encode,
};
use serde_json::{Map, Number, Value};

use crate::services::Form;

/// The header that names the protocol, in requests and in answers.
pub(super) const HEADER: &str = "smithy-protocol";
/// Its value.
pub(super) const PROTOCOL: &str = "rpc-v2-cbor";
/// The body's type.
pub(super) const CONTENT_TYPE: &str = "application/cbor";

/// Reads an input. A timestamp becomes its seconds since 1970. Byte strings are refused: nothing that
/// is modelled takes one.
pub(super) fn read(body: &[u8]) -> Result<Value, decode::Error> {
    if body.is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut decoder = Decoder::new(body);
    let input = value(&mut decoder)?;
    if decoder.position() < body.len() {
        return Err(decode::Error::message("something follows the input"));
    }
    Ok(input)
}

fn value(decoder: &mut Decoder<'_>) -> Result<Value, decode::Error> {
    Ok(match decoder.datatype()? {
        Type::Bool => decoder.bool()?.into(),
        Type::Null | Type::Undefined => {
            decoder.skip()?;
            Value::Null
        }
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => decoder.u64()?.into(),
        Type::I8 | Type::I16 | Type::I32 | Type::I64 => decoder.i64()?.into(),
        Type::F16 | Type::F32 | Type::F64 => decoder.f64()?.into(),
        Type::String | Type::StringIndef => text(decoder)?.into(),
        Type::Array | Type::ArrayIndef => {
            let mut left = decoder.array()?;
            let mut items = Vec::new();
            while another(decoder, &mut left)? {
                items.push(value(decoder)?);
            }
            items.into()
        }
        Type::Map | Type::MapIndef => {
            let mut left = decoder.map()?;
            let mut members = Map::new();
            while another(decoder, &mut left)? {
                members.insert(text(decoder)?, value(decoder)?);
            }
            members.into()
        }
        Type::Tag if decoder.tag()? == IanaTag::Timestamp.tag() => value(decoder)?,
        other => {
            return Err(decode::Error::message(format!(
                "the simulated cloud reads no {other}"
            )));
        }
    })
}

fn text(decoder: &mut Decoder<'_>) -> Result<String, decode::Error> {
    decoder.str_iter()?.collect()
}

/// Whether another item follows. Where it was not said how many there are, their end is read too.
fn another(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Result<bool, decode::Error> {
    if let Some(left) = left {
        let follows = *left > 0;
        *left = left.saturating_sub(1);
        return Ok(follows);
    }
    let follows = decoder.datatype()? != Type::Break;
    if !follows {
        decoder.skip()?;
    }
    Ok(follows)
}

/// Writes an output. What is null is left out.
pub(super) fn write(output: &Value, members: &[(&str, Form)]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    // Writing into memory does not fail.
    let _ = put(&mut encoder, output, None, members);
    encoder.into_writer()
}

fn put(
    to: &mut Encoder<Vec<u8>>,
    output: &Value,
    form: Option<Form>,
    members: &[(&str, Form)],
) -> Result<(), encode::Error<Infallible>> {
    match output {
        Value::Null => to.null()?.ok(),
        Value::Bool(truth) => to.bool(*truth)?.ok(),
        Value::Number(number) => {
            if form == Some(Form::Timestamp) {
                to.tag(IanaTag::Timestamp)?;
            }
            put_number(to, number)
        }
        Value::String(text) => match form {
            Some(Form::Blob) => to.bytes(&of_base64(text))?.ok(),
            _ => to.str(text)?.ok(),
        },
        Value::Array(items) => {
            to.array(items.len() as u64)?;
            let mut items = items.iter();
            items.try_for_each(|item| put(to, item, form, members))
        }
        Value::Object(all) => {
            let there = || all.iter().filter(|(_, member)| !member.is_null());
            to.map(there().count() as u64)?;
            there().try_for_each(|(name, member)| {
                let form = members.iter().find(|(known, _)| known == name);
                to.str(name)?;
                put(to, member, form.map(|(_, form)| *form), members)
            })
        }
    }
}

fn put_number(to: &mut Encoder<Vec<u8>>, number: &Number) -> Result<(), encode::Error<Infallible>> {
    if let Some(number) = number.as_u64() {
        to.u64(number)?.ok()
    } else if let Some(number) = number.as_i64() {
        to.i64(number)?.ok()
    } else {
        to.f64(number.as_f64().unwrap_or(f64::NAN))?.ok()
    }
}

/// The bytes; what is no digit of base64 is passed over.
fn of_base64(text: &str) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.bytes() {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = (bits << 6 | u32::from(digit)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(((bits >> held) & 0xff) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let output = json!({
            "Name": "東京", "Count": 3, "Less": -70_000, "Threshold": 80.5, "On": true,
            "Most": u64::MAX, "List": [1, "two", { "Three": [] }], "At": 1_800_000_000.25,
        });
        let body = write(&output, &[("At", Form::Timestamp)]);
        assert_eq!(read(&body).unwrap(), output);
    }

    #[test]
    fn nothing_is_written_for_what_is_null_and_nothing_is_read_from_no_body() {
        let body = write(&json!({ "Name": null, "On": false }), &[]);
        assert_eq!(read(&body).unwrap(), json!({ "On": false }));
        assert_eq!(read(&[]).unwrap(), json!({}));
    }

    /// The bytes are those of <https://www.rfc-editor.org/rfc/rfc8949#name-examples-of-encoded-cbor-da>.
    #[test]
    fn each_kind_has_the_bytes_of_the_standard() {
        let members = [("t", Form::Timestamp), ("b", Form::Blob)];
        let cases: [(Value, &[u8]); 4] = [
            (
                json!({ "t": 1_363_896_240 }),
                b"\xa1\x61t\xc1\x1a\x51\x4b\x67\xb0",
            ),
            (
                json!({ "t": 1_363_896_240.5 }),
                b"\xa1\x61t\xc1\xfb\x41\xd4\x52\xd9\xec\x20\x00\x00",
            ),
            (json!({ "t": [0] }), b"\xa1\x61t\x81\xc1\x00"),
            (json!({ "b": "AQIDBA==" }), b"\xa1\x61b\x44\x01\x02\x03\x04"),
        ];
        for (output, body) in cases {
            assert_eq!(write(&output, &members), body, "{output}");
        }
    }

    #[test]
    fn inputs_may_come_without_their_lengths() {
        let cases: [(&[u8], Value); 4] = [
            (
                b"\xbf\x63Fun\xf5\x63Amt\x21\xff",
                json!({ "Fun": true, "Amt": -2 }),
            ),
            (
                b"\x9f\x01\x82\x02\x03\x9f\x04\x05\xff\xff",
                json!([1, [2, 3], [4, 5]]),
            ),
            (b"\x7f\x65strea\x64ming\xff", json!("streaming")),
            (b"\x82\xf9\x3e\x00\xf7", json!([1.5, null])),
        ];
        for (body, input) in cases {
            assert_eq!(read(body).unwrap(), input, "{input}");
        }
    }

    #[test]
    fn what_is_cut_off_unknown_or_followed_by_more_is_refused() {
        let cases: [&[u8]; 5] = [
            b"\xbf\x63Fun",
            b"\x82\x01",
            b"\x44\x01\x02\x03\x04",
            b"\xc2\x01",
            b"\x01\x01",
        ];
        for body in cases {
            assert!(read(body).is_err(), "{body:x?}");
        }
    }
}
