//! CubeCL can keep compiled kernels in a database. Nothing here enables that, yet a
//! lock file names optional dependencies too, and the database wants another version of
//! tracing-subscriber than the one Substrate's client pins.
compile_error!(
    "a dependency enables CubeCL's `persistence`; disable it, or remove the patch of turso from the workspace's Cargo.toml"
);
