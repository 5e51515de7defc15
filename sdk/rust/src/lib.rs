#![doc = include_str!("../README.md")]

mod address;
pub mod amount;
pub mod config;
mod connect;
pub mod endpoints;
mod error;
mod follow;
pub mod governance;
pub mod keys;
pub mod learning;
pub mod market;
pub mod outbox;
mod published;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod stub;

pub use address::{account, address, AddressError};
pub use config::{AccountId32, At, CairnConfig, Header, H256};
pub use connect::{Balance, Chain, Options};
pub use error::{Error, Result};
pub use follow::{Block, Finalized};
pub use keys::{Passphrase, Signer};
pub use learning::{Keeping, Learning, Wanted};
pub use market::{calls, Duty, Market, Named, ProviderView, Touched};
pub use outbox::{Included, Outbox, Outcome, Ticket};
pub use published::{Published, Undescribed};
pub use subxt;
pub use subxt::utils::Static;

/// Everything that the chain offers, typed: calls, storage, events and runtime APIs, made from the
/// metadata that is kept beside this file. What [`cairn_protocol`] defines is not made anew.
#[subxt::subxt(
    runtime_metadata_path = "metadata.scale",
    substitute_type(
        path = "cairn_protocol::audit::Report",
        with = "::subxt::utils::Static<::cairn_protocol::audit::Report>"
    ),
    substitute_type(
        path = "cairn_protocol::audit::record::Audit<A>",
        with = "::subxt::utils::Static<::cairn_protocol::audit::record::Audit<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::audit::record::AuditView",
        with = "::subxt::utils::Static<::cairn_protocol::audit::record::AuditView>"
    ),
    substitute_type(
        path = "cairn_protocol::challenge::Challenge",
        with = "::subxt::utils::Static<::cairn_protocol::challenge::Challenge>"
    ),
    substitute_type(
        path = "cairn_protocol::chunk::Proof",
        with = "::subxt::utils::Static<::cairn_protocol::chunk::Proof>"
    ),
    substitute_type(
        path = "cairn_protocol::dag::BlockKind",
        with = "::subxt::utils::Static<::cairn_protocol::dag::BlockKind>"
    ),
    substitute_type(
        path = "cairn_protocol::dag::SemVer",
        with = "::subxt::utils::Static<::cairn_protocol::dag::SemVer>"
    ),
    substitute_type(
        path = "cairn_protocol::failure::Failure",
        with = "::subxt::utils::Static<::cairn_protocol::failure::Failure>"
    ),
    substitute_type(
        path = "cairn_protocol::id::BlockId",
        with = "::subxt::utils::Static<::cairn_protocol::id::BlockId>"
    ),
    substitute_type(
        path = "cairn_protocol::id::ContentId",
        with = "::subxt::utils::Static<::cairn_protocol::id::ContentId>"
    ),
    substitute_type(
        path = "cairn_protocol::id::DeltaId",
        with = "::subxt::utils::Static<::cairn_protocol::id::DeltaId>"
    ),
    substitute_type(
        path = "cairn_protocol::id::EngineId",
        with = "::subxt::utils::Static<::cairn_protocol::id::EngineId>"
    ),
    substitute_type(
        path = "cairn_protocol::id::File",
        with = "::subxt::utils::Static<::cairn_protocol::id::File>"
    ),
    substitute_type(
        path = "cairn_protocol::id::PanelId",
        with = "::subxt::utils::Static<::cairn_protocol::id::PanelId>"
    ),
    substitute_type(
        path = "cairn_protocol::id::ProviderId",
        with = "::subxt::utils::Static<::cairn_protocol::id::ProviderId>"
    ),
    substitute_type(
        path = "cairn_protocol::id::Region",
        with = "::subxt::utils::Static<::cairn_protocol::id::Region>"
    ),
    substitute_type(
        path = "cairn_protocol::id::TaskId",
        with = "::subxt::utils::Static<::cairn_protocol::id::TaskId>"
    ),
    substitute_type(
        path = "cairn_protocol::job::Terms",
        with = "::subxt::utils::Static<::cairn_protocol::job::Terms>"
    ),
    substitute_type(
        path = "cairn_protocol::job::WrappedKey",
        with = "::subxt::utils::Static<::cairn_protocol::job::WrappedKey>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::brief::Brief",
        with = "::subxt::utils::Static<::cairn_protocol::learning::brief::Brief>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::committee::Duty",
        with = "::subxt::utils::Static<::cairn_protocol::learning::committee::Duty>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::committee::Panel<A>",
        with = "::subxt::utils::Static<::cairn_protocol::learning::committee::Panel<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::committee::PanelView",
        with = "::subxt::utils::Static<::cairn_protocol::learning::committee::PanelView>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::curation::CuratorView",
        with = "::subxt::utils::Static<::cairn_protocol::learning::curation::CuratorView>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::curation::SetView<A>",
        with = "::subxt::utils::Static<::cairn_protocol::learning::curation::SetView<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::curation::TrialView",
        with = "::subxt::utils::Static<::cairn_protocol::learning::curation::TrialView>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::delta::Delta<A>",
        with = "::subxt::utils::Static<::cairn_protocol::learning::delta::Delta<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::delta::DeltaView<A>",
        with = "::subxt::utils::Static<::cairn_protocol::learning::delta::DeltaView<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::delta::Place",
        with = "::subxt::utils::Static<::cairn_protocol::learning::delta::Place>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::delta::Preview",
        with = "::subxt::utils::Static<::cairn_protocol::learning::delta::Preview>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::evaluation::Opinion",
        with = "::subxt::utils::Static<::cairn_protocol::learning::evaluation::Opinion>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::model::Access",
        with = "::subxt::utils::Static<::cairn_protocol::learning::model::Access>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::model::ModelCard",
        with = "::subxt::utils::Static<::cairn_protocol::learning::model::ModelCard>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::panel::Case",
        with = "::subxt::utils::Static<::cairn_protocol::learning::panel::Case>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::panel::Outcome",
        with = "::subxt::utils::Static<::cairn_protocol::learning::panel::Outcome>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::source::DataSet<A>",
        with = "::subxt::utils::Static<::cairn_protocol::learning::source::DataSet<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::source::Purpose",
        with = "::subxt::utils::Static<::cairn_protocol::learning::source::Purpose>"
    ),
    substitute_type(
        path = "cairn_protocol::learning::source::Source",
        with = "::subxt::utils::Static<::cairn_protocol::learning::source::Source>"
    ),
    substitute_type(
        path = "cairn_protocol::lifecycle::delta::Reason",
        with = "::subxt::utils::Static<::cairn_protocol::lifecycle::delta::Reason>"
    ),
    substitute_type(
        path = "cairn_protocol::profile::Availability",
        with = "::subxt::utils::Static<::cairn_protocol::profile::Availability>"
    ),
    substitute_type(
        path = "cairn_protocol::profile::DeviceClass",
        with = "::subxt::utils::Static<::cairn_protocol::profile::DeviceClass>"
    ),
    substitute_type(
        path = "cairn_protocol::profile::Hardware",
        with = "::subxt::utils::Static<::cairn_protocol::profile::Hardware>"
    ),
    substitute_type(
        path = "cairn_protocol::profile::Offers",
        with = "::subxt::utils::Static<::cairn_protocol::profile::Offers>"
    ),
    substitute_type(
        path = "cairn_protocol::profile::Profile",
        with = "::subxt::utils::Static<::cairn_protocol::profile::Profile>"
    ),
    substitute_type(
        path = "cairn_protocol::profile::RoleSet",
        with = "::subxt::utils::Static<::cairn_protocol::profile::RoleSet>"
    ),
    substitute_type(
        path = "cairn_protocol::result::Answer",
        with = "::subxt::utils::Static<::cairn_protocol::result::Answer>"
    ),
    substitute_type(
        path = "cairn_protocol::task::Task<A>",
        with = "::subxt::utils::Static<::cairn_protocol::task::Task<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::view::Quote",
        with = "::subxt::utils::Static<::cairn_protocol::view::Quote>"
    ),
    substitute_type(
        path = "cairn_protocol::view::TaskView<A>",
        with = "::subxt::utils::Static<::cairn_protocol::view::TaskView<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::view::models::ModelView<A>",
        with = "::subxt::utils::Static<::cairn_protocol::view::ModelView<A>>"
    ),
    substitute_type(
        path = "cairn_protocol::view::models::Step<A>",
        with = "::subxt::utils::Static<::cairn_protocol::view::Step<A>>"
    )
)]
pub mod chain {}
