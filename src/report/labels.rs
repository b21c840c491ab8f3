//! The labels of a market's assets, for grouping what a run leaves.

use crate::{
    panel::{AssetId, FieldData, FieldId, MarketData, Row},
    types::Kind,
};

/// A label of every asset.
pub(super) struct LabelField<'a> {
    /// What it is called.
    pub(super) name: &'a str,
    texts: &'a [String],
    data: FieldData<'a>,
}

impl<'a> LabelField<'a> {
    /// All of a market.
    pub(super) fn all(market: &'a dyn MarketData) -> Vec<Self> {
        let fields = market.schema().fields.iter().enumerate();
        let labels = fields.filter(|(_, field)| field.ty.kind == Kind::Label);
        labels
            .map(|(id, field)| Self {
                name: &field.name,
                texts: &field.labels,
                data: market.field(FieldId(id as u16)),
            })
            .filter(|label| !matches!(label.data, FieldData::Spells(_)))
            .collect()
    }

    /// The text of an asset on a row; empty where it has none.
    pub(super) fn text(&self, asset: AssetId, row: Row) -> &'a str {
        let code = self.data.value(asset.0 as usize, row);
        let known = (!code.is_nan()).then(|| self.texts.get(code as usize)).flatten();
        known.map_or("", String::as_str)
    }
}
