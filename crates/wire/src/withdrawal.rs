//! withdrawal
