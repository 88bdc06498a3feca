//! Which form the tables have, in the state table; and the look at it before a function does its first work.

use std::cell::Cell;
use std::time::Instant;

use async_trait::async_trait;
use jiff::SignedDuration;
use layerguard_core::ports::{PortResult, SchemaMark};
use layerguard_core::schema::{FORMS, Marking, RAISED_AFTER, SchemaError, Standing};

use crate::AuditTable;
use crate::error::{failed, unreadable};
use crate::table::{StateTable, condition_failed, item, number, read_number};

/// The key of the mark. Decide alone may write it.
const MARK: (&str, &str) = ("schema#version", "row");
/// What holds the form.
const FORM: &str = "form";

#[async_trait]
impl SchemaMark for StateTable {
    async fn form(&self) -> PortResult<Option<u32>> {
        let operation = "read which form the tables have";
        let Some(found) = self.get(operation, MARK.0, MARK.1).await? else { return Ok(None) };
        let form = read_number(operation, &found, FORM)?;
        u32::try_from(form).map(Some).map_err(|_| unreadable(operation, format!("attribute `{FORM}`")))
    }

    async fn mark(&self, form: u32) -> PortResult<()> {
        let operation = "mark which form the tables have";
        let mut row = item(MARK.0, MARK.1);
        row.insert(FORM.to_owned(), number(form));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(row));
        let put = put.condition_expression("attribute_not_exists(pk) OR #form < :form");
        let put = put.expression_attribute_names("#form", FORM).expression_attribute_values(":form", number(form));
        match put.send().await {
            Err(error) if !condition_failed(&error) => Err(failed(operation)(error)),
            // It says as much, or more: whoever reads it next judges that.
            _ => Ok(()),
        }
    }
}

/// The tables of a function, of which it makes sure once that it may work with them.
pub struct Tables<'a> {
    table: &'a dyn SchemaMark,
    marks: bool,
    began: Instant,
    packs: Option<&'a AuditTable>,
    settled: Cell<bool>,
}

impl<'a> Tables<'a> {
    /// Those whose mark stands in this table; with `marks`, this function sets it: at once on tables that have none, and on others when this
    /// process has served for [`RAISED_AFTER`].
    #[must_use]
    pub fn new(table: &'a dyn SchemaMark, marks: bool) -> Self {
        Self { table, marks, began: Instant::now(), packs: None, settled: Cell::new(false) }
    }

    /// The records of clear calls are written into this table packed, once the mark says that whoever reads them knows how.
    #[must_use]
    pub fn packing(self, table: &'a AuditTable) -> Self {
        Self { packs: Some(table), ..self }
    }

    /// Makes sure, unless that was done before in this process. Who is still to raise the mark looks again each time.
    ///
    /// # Errors
    /// When the function must not work with them, or that could not be told.
    pub async fn settle(&self) -> Result<(), SchemaError> {
        if !self.settled.get() {
            let standing = FORMS.settle(self.table, self.marking()).await?;
            if let Some(audit) = self.packs.filter(|_| standing == Standing::Same) {
                audit.pack();
            }
            self.settled.set(standing == Standing::Same || !self.marks);
        }
        Ok(())
    }

    fn marking(&self) -> Marking {
        let has_served = SignedDuration::try_from(self.began.elapsed()).is_ok_and(|served| served >= RAISED_AFTER);
        match self.marks {
            false => Marking::Never,
            true if has_served => Marking::Raise,
            true => Marking::Unmarked,
        }
    }
}
