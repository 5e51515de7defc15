//! What every type that crosses a boundary derives.

/// One encoding of bounded length, type information for clients, and equality.
macro_rules! wire {
    ($($item:item)*) => {$(
        #[derive(
            Clone,
            Debug,
            Eq,
            PartialEq,
            codec::Decode,
            codec::DecodeWithMemTracking,
            codec::Encode,
            codec::MaxEncodedLen,
            scale_info::TypeInfo,
        )]
        $item
    )*};
}

pub(crate) use wire;
