pub(crate) use shim::*;
mod shim {
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct MessageId(&'static str);
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum CharacterCode {
        Utf8,
        ShiftJis,
    }
    const IDS: &[&str] =
        &["OQSsiquc01", "OQSsiimm01", "OQSmuquc01", "OQSmuquc02", "YZKsiquc01", "TKKsiquc01", "OQSsiurl01"];
    impl MessageId {
        pub(crate) fn of_request_file(name: &str) -> Option<(Self, &str)> {
            let stem = name.strip_suffix(".xml")?;
            let (id, part) = stem.split_once("req_")?;
            let id = IDS.iter().find(|known| **known == id)?;
            (!part.is_empty()
                && part.len() <= 100
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'))
            .then_some((Self(id), part))
        }
        pub(crate) fn answer_file(self, part: &str, extension: &str) -> String {
            format!("{}res_{part}.{extension}", self.0)
        }
    }
    pub(crate) fn is_complete(bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        text.contains("<XmlMsg>") && text.trim_end().ends_with("</XmlMsg>")
    }
    pub(crate) fn failure(
        id: MessageId,
        institution: &str,
        code: &str,
        text: &str,
        now: &str,
        character_code: CharacterCode,
    ) -> Vec<u8> {
        format!("<XmlMsg><MessageHeader><MedicalInstitutionCode>{institution}</MedicalInstitutionCode><ProcessExecutionTime>{now}</ProcessExecutionTime><SegmentOfResult>9</SegmentOfResult><ErrorCode>{code}</ErrorCode><ErrorMessage>{text}</ErrorMessage><CharacterCodeIdentifier>{}</CharacterCodeIdentifier></MessageHeader><MessageBody><ProcessingResultStatus>2</ProcessingResultStatus></MessageBody></XmlMsg><!--{}-->", character_code as u8, id.0).into_bytes()
    }
}
