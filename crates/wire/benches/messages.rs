//! A request read and its answer written, as one eligibility check has them, beside the bare XML events and a copy of the
//! bytes: `cargo bench -p madoguchi-wire`.
#![allow(clippy::unwrap_used, missing_docs)]

use madoguchi_measure::{Board, Limit, Work};
use madoguchi_wire::message::eligibility::{Answer, Request};
use madoguchi_wire::message::{CharacterCode, Role};
use quick_xml::events::Event;
use std::hint::black_box;

const ROUNDS: usize = 2_000;
const REQUEST: &str = include_str!("../tests/data/messages/OQSsiquc01req_number.xml");
const ANSWER: &str = include_str!("../tests/data/messages/OQSsiquc01res_face.xml");

fn main() {
    let Some(board) = Board::open("messages") else { return };
    let answer = Answer::from_xml(ANSWER.as_bytes(), Role::Answer).unwrap();
    let work = [
        Work { amount: ROUNDS as f64, unit: "messages" },
        Work { amount: (ROUNDS * (REQUEST.len() + ANSWER.len())) as f64 / 1e6, unit: "MB" },
    ];
    for (code, name) in [(CharacterCode::Utf8, "UTF-8"), (CharacterCode::ShiftJis, "Shift_JIS")] {
        board.compare(
            &format!("A request read and its answer written, {name}"),
            &work,
            &mut || (0..ROUNDS).for_each(|_| assert_ne!(checked(&answer, code), 0)),
            &mut [
                Limit {
                    name: "XML events of the request, the answer's bytes copied",
                    run: &mut || (0..ROUNDS).for_each(|_| assert_ne!(events() + copied(), 0)),
                },
                Limit {
                    name: "the bytes of both copied",
                    run: &mut || {
                        (0..ROUNDS)
                            .for_each(|_| assert_ne!(black_box(black_box(REQUEST).to_owned()).len() + copied(), 0))
                    },
                },
            ],
        );
    }
}

fn checked(answer: &Answer, code: CharacterCode) -> usize {
    let request = Request::from_xml(REQUEST.as_bytes(), Role::Request).unwrap();
    answer.to_xml(code).len() + usize::from(request.query().limit_consent)
}

fn events() -> usize {
    let mut reader = quick_xml::Reader::from_str(REQUEST);
    let mut count = 0;
    while !matches!(reader.read_event().unwrap(), Event::Eof) {
        count += 1;
    }
    count
}

fn copied() -> usize {
    black_box(black_box(ANSWER).to_owned()).len()
}
