//! Audiences per region: how the "smart" creation and the resizing of a group state their limits.

use std::ops::RangeInclusive;

use weir_core::ids::RegionName;

use crate::http::lenient::{Field, FieldError};

/// Most clients a region may be said to have.
const MOST_CLIENTS: u32 = 100_000_000;

/// Expected clients of a region, fewest to most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct RegionAudience {
    /// Region code.
    pub region: RegionName,
    /// Where the document names it, for errors.
    pub path: String,
    /// Publishers.
    pub publishers: RangeInclusive<u32>,
    /// Subscribers.
    pub subscribers: RangeInclusive<u32>,
}

/// Reads `region[]`; `None` when the document has no such member.
pub(in crate::http) fn read_audiences(
    root: &Field<'_>,
) -> Result<Option<Vec<RegionAudience>>, FieldError> {
    let Some(field) = root.member("region") else {
        return Ok(None);
    };
    let mut audiences: Vec<RegionAudience> = Vec::new();
    for entry in field.items()? {
        let name = entry.required("name")?;
        let region = RegionName::new(name.name()?);
        if audiences.iter().any(|known| known.region == region) {
            return Err(name.must("appear only once"));
        }
        let info = entry.required("info")?;
        audiences.push(RegionAudience {
            region,
            path: name.path().to_owned(),
            publishers: read_range(&info, "minPublishers", "maxPublishers")?,
            subscribers: read_range(&info, "minSubscribers", "maxSubscribers")?,
        });
    }
    if audiences.is_empty() {
        return Err(field.must("name at least one region"));
    }
    Ok(Some(audiences))
}

fn read_range(info: &Field<'_>, low: &str, high: &str) -> Result<RangeInclusive<u32>, FieldError> {
    let min = info.required(low)?.whole(0..=MOST_CLIENTS)?;
    let max = info.required(high)?.whole(0..=MOST_CLIENTS)?;
    if min > max {
        return Err(info
            .required(low)?
            .must(&format!("be at most {high} ({max})")));
    }
    Ok(min..=max)
}
