#![doc = include_str!("../README.md")]

pub mod apply;
pub mod base;
pub mod config;
pub mod demo;
pub mod device;
pub mod embed;
pub mod exact;
mod files;
pub mod fingerprint;
pub mod folder;
pub mod generate;
pub mod grid;
pub mod import;
pub mod judge;
pub mod model;
pub mod parts;
pub mod quantise;
pub mod service;
pub mod tokens;
pub mod train;

pub use device::Device;
