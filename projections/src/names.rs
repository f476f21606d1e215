//! Names folded for search: macrons and double vowels, capital and small letters are one.
