//! The ledger: every change of the book's value with its cause. Cash and holdings are two accounts; a trade moves value
//! between them, everything else comes in or goes out for a reason that has a name.

use crate::panel::{AssetId, Row};

macro_rules! causes {
    ($($variant:ident $name:literal $summary:literal;)*) => {
        /// Why the value of a book changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Cause {
            $(#[doc = $summary] $variant,)*
        }

        impl Cause {
            /// All of them, in the order of the columns.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it stands in files.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

causes! {
    Price "price" "What is held became dearer or cheaper.";
    Dividend "dividend" "Cash for shares held over the ex-date; paid by what is sold short.";
    Delisting "delisting" "What came of an asset after its last price, over that price.";
    Interest "interest" "Earned on cash.";
    Margin "margin" "Interest paid on cash below zero.";
    Borrow "borrow" "The fee for what is sold short, by calendar day.";
    Fee "fee" "The share of the value traded that `cost` asks for.";
    Commission "commission" "The price of orders, by the share.";
    Slippage "slippage" "Fills at a worse price than the market's, by a fixed share.";
    Impact "impact" "Fills at a worse price because of their own size.";
}

/// How many causes there are.
pub const CAUSES: usize = Cause::ALL.len();

/// An amount of money for each cause.
pub type ByCause = [f64; CAUSES];

impl Cause {
    /// What a book pays for being traded or sold short.
    pub const COSTS: [Self; 5] =
        [Self::Fee, Self::Commission, Self::Slippage, Self::Impact, Self::Borrow];

    /// What a trade costs.
    pub const TRADING: [Self; 4] = [Self::Fee, Self::Commission, Self::Slippage, Self::Impact];
}

/// All changes of value of a book, by row and by asset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// By row: the money of each cause; below zero for what was lost or paid.
    pub rows: Vec<ByCause>,
    /// The same by asset, over all rows; interest belongs to none. Sorted; only assets that were ever held.
    pub assets: Vec<(AssetId, ByCause)>,
}

impl Ledger {
    /// The money of a cause by row.
    pub fn of(&self, cause: Cause) -> impl ExactSizeIterator<Item = f64> {
        self.rows.iter().map(move |row| row[cause as usize])
    }

    /// The money of a cause in all.
    pub fn total(&self, cause: Cause) -> f64 {
        self.of(cause).sum()
    }

    fn sums(&self, causes: &[Cause], sign: f64) -> Vec<f64> {
        // Nothing is never −0.
        let sum = |row: &ByCause| sign * causes.iter().map(|c| row[*c as usize]).sum::<f64>() + 0.0;
        self.rows.iter().map(sum).collect()
    }

    /// By row: what was paid for trading and for borrowing, above zero.
    pub fn costs(&self) -> Vec<f64> {
        self.sums(&Cause::COSTS, -1.0)
    }

    /// By row: what came of holding assets.
    pub fn gains(&self) -> Vec<f64> {
        self.sums(&[Cause::Price, Cause::Dividend, Cause::Delisting], 1.0)
    }

    /// By row: interest earned less interest paid.
    pub fn interest(&self) -> Vec<f64> {
        self.sums(&[Cause::Interest, Cause::Margin], 1.0)
    }
}

/// The ledger while it is written. It knows what the two accounts must hold.
#[derive(Debug)]
pub(super) struct Writer {
    cash: f64,
    holdings: f64,
    row: ByCause,
    /// By asset, dense.
    assets: Vec<ByCause>,
    ledger: Ledger,
}

impl Writer {
    pub(super) fn new(capital: f64, assets: usize) -> Self {
        Self {
            cash: capital,
            holdings: 0.0,
            row: [0.0; CAUSES],
            assets: vec![[0.0; CAUSES]; assets],
            ledger: Ledger::default(),
        }
    }

    /// Money that came into the cash account for a reason, or left it.
    pub(super) fn cash(&mut self, cause: Cause, asset: Option<usize>, money: f64) {
        self.cash += money;
        self.note(cause, asset, money);
    }

    /// Gains of a row that go to the assets by [`Writer::of_asset`].
    pub(super) fn gains(&mut self, money: f64) {
        self.holdings += money;
        self.row[Cause::Price as usize] += money;
    }

    /// What an asset has brought or cost, whose sums by row are written down apart.
    pub(super) fn of_asset(&mut self, cause: Cause, asset: usize, money: f64) {
        self.assets[asset][cause as usize] += money;
    }

    /// A trade: value goes from cash to holdings.
    pub(super) fn trade(&mut self, value: f64) {
        self.cash -= value;
        self.holdings += value;
    }

    fn note(&mut self, cause: Cause, asset: Option<usize>, money: f64) {
        self.row[cause as usize] += money;
        if let Some(asset) = asset {
            self.assets[asset][cause as usize] += money;
        }
    }

    /// Closes a row. Gives by how much each account differs from what the book holds in it; from here on the book's
    /// figures hold, so that roundings do not add up.
    pub(super) fn close(&mut self, cash: f64, holdings: f64) -> (f64, f64) {
        let off = (cash - self.cash, holdings - self.holdings);
        (self.cash, self.holdings) = (cash, holdings);
        self.ledger.rows.push(std::mem::take(&mut self.row));
        off
    }

    /// The ledger, with what each asset has earned.
    pub(super) fn finish(self) -> Ledger {
        let Self { assets, mut ledger, .. } = self;
        let any = |(_, amounts): &(usize, ByCause)| amounts.iter().any(|a| *a != 0.0);
        let found = assets.into_iter().enumerate().filter(any);
        ledger.assets = found.map(|(a, amounts)| (AssetId(a as u32), amounts)).collect();
        ledger
    }
}

/// A change of value that a file or a page shows on one line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry {
    /// When.
    pub row: Row,
    /// Why.
    pub cause: Cause,
    /// How much.
    pub money: f64,
}

impl Ledger {
    /// What changed, row by row from `first` on; nothing is said of what did not.
    pub fn entries(&self, first: Row) -> impl Iterator<Item = Entry> {
        self.rows.iter().enumerate().flat_map(move |(i, row)| {
            let of = move |cause: &Cause| Entry {
                row: first + i as Row,
                cause: *cause,
                money: row[*cause as usize],
            };
            Cause::ALL.iter().map(of).filter(|e| e.money != 0.0)
        })
    }
}
