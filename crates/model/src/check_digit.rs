//! The check digit (検証番号) of 保険者番号, 公費負担者番号, 受給者番号 and 医療機関コード.
//!
//! From the last digit before the check digit, multiply by 2, 1, 2, 1 …, add the digits of the
//! products; the check digit fills the sum up to a multiple of ten. Wrong ones are a warning, never
//! a refusal: public sample material carries wrong ones.

/// The check digit over the digits before it; `None` when something else than a digit is found.
#[must_use]
pub fn check_digit(digits: &str) -> Option<u8> {
    let mut sum = 0_u32;
    for (position, character) in digits.chars().rev().enumerate() {
        let product = character.to_digit(10)? * if position % 2 == 0 { 2 } else { 1 };
        sum += product / 10 + product % 10;
    }
    u8::try_from((10 - sum % 10) % 10).ok()
}

/// Whether the last digit is the check digit of those before it.
#[must_use]
pub fn is_valid(number: &str) -> bool {
    let Some((last, _)) = number.char_indices().next_back() else { return false };
    let (body, check) = number.split_at(last);
    check.parse().ok() == check_digit(body) && !body.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers() {
        for number in [
            "01010016",
            "01130012",
            "01270016",
            "31130016",
            "33120015",
            "06139992",
            "39131156",
            "39270004",
            "51136018",
            "54136015",
            "138016",
            "138057",
            "6132013",
            "1510110016",
            "1540330014",
            "0110113719",
        ] {
            assert!(is_valid(number), "{number}");
        }
        for number in ["1710110216", "83136019", "", "1", "12a4"] {
            assert!(!is_valid(number), "{number}");
        }
    }
}
