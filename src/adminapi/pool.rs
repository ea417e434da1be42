// SPDX-License-Identifier: GPL-3.0-or-later
//! Storage pools and their drivers.

use super::{
    error::{AnswerError, AnswerFault},
    pairs::Pairs,
    scan::lines,
};

/// What the daemon says of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolInfo {
    /// What stores its volumes, such as `lvm_thin`.
    pub driver: String,
    /// Its size in bytes, where it has one.
    pub size: Option<u64>,
    /// How many bytes of it are used.
    pub usage: Option<u64>,
    /// The pool that its volumes take their room from.
    pub included_in: Option<String>,
    /// Options of the driver, and what else the answer says.
    pub options: Vec<(String, String)>,
}

impl PoolInfo {
    /// Reads what the daemon says of one pool.
    ///
    /// # Errors
    /// When there is no driver, or a value does not fit.
    pub fn parse(content: &[u8]) -> Result<Self, AnswerError> {
        let mut pairs = Pairs::read(lines(content)?, content.len())?;
        let included_in = pairs.take("included_in").map(|pool| pool.text.to_owned());
        Ok(Self {
            driver: pairs.need("driver")?.text.to_owned(),
            size: pairs.number("size")?,
            usage: pairs.number("usage")?,
            included_in: included_in.filter(|pool| !pool.is_empty()),
            options: pairs.rest(),
        })
    }

    /// An option of the driver.
    pub fn option(&self, name: &str) -> Option<&str> {
        let option = self.options.iter().find(|(key, _)| key == name);
        option.map(|(_, value)| value.as_str())
    }
}

/// The room in a pool, in bytes. A pool that shares the room of another says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolUsage {
    /// For data.
    pub data_size: Option<u64>,
    /// Of these, used.
    pub data_usage: Option<u64>,
    /// For the records of which block lies where.
    pub metadata_size: Option<u64>,
    /// Of these, used.
    pub metadata_usage: Option<u64>,
}

impl PoolUsage {
    /// Reads how full a pool is.
    ///
    /// # Errors
    /// When a value is not a number.
    pub fn parse(content: &[u8]) -> Result<Self, AnswerError> {
        let mut pairs = Pairs::read(lines(content)?, content.len())?;
        Ok(Self {
            data_size: pairs.number("data_size")?,
            data_usage: pairs.number("data_usage")?,
            metadata_size: pairs.number("metadata_size")?,
            metadata_usage: pairs.number("metadata_usage")?,
        })
    }
}

/// A driver of pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolDriver {
    /// Its name.
    pub name: String,
    /// The names of its options.
    pub options: Vec<String>,
}

impl PoolDriver {
    /// Reads the list of drivers.
    ///
    /// # Errors
    /// When a line is empty or holds an empty word.
    pub fn parse_all(content: &[u8]) -> Result<Vec<Self>, AnswerError> {
        let mut drivers = Vec::new();
        for line in lines(content)? {
            if let Some(word) = line.words().find(|word| word.text.is_empty()) {
                return Err(word.error(AnswerFault::Missing { name: "name".into() }));
            }
            let mut words = line.words().map(|word| word.text.to_owned());
            drivers.extend(words.next().map(|name| Self {
                name,
                options: words.collect(),
            }));
        }
        Ok(drivers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_driver_are_kept() {
        let pool = PoolInfo::parse(b"driver=lvm_thin\nthin_pool=vm\nsize=5\nincluded_in=\n").unwrap();
        assert_eq!(
            (pool.driver.as_str(), pool.size, pool.usage),
            ("lvm_thin", Some(5), None)
        );
        assert_eq!((pool.option("thin_pool"), pool.option("size")), (Some("vm"), None));
        assert_eq!(pool.included_in, None);
        let missing = AnswerFault::Missing { name: "driver".into() };
        assert_eq!(PoolInfo::parse(b"size=5\n"), Err(AnswerError::new(7, missing)));
        assert_eq!(
            PoolInfo::parse(b"driver=x\nsize=y\n"),
            Err(AnswerError::new(14, AnswerFault::value("size")))
        );
    }

    #[test]
    fn a_pool_may_say_nothing_of_its_room() {
        assert_eq!(PoolUsage::parse(b""), Ok(PoolUsage::default()));
        let usage = PoolUsage::parse(b"data_size=9\ndata_usage=1\nmetadata_size=2\nmetadata_usage=0\n").unwrap();
        assert_eq!((usage.data_size, usage.metadata_usage), (Some(9), Some(0)));
        assert!(PoolUsage::parse(b"data_size=9.5\n").is_err());
    }

    #[test]
    fn drivers_come_with_their_options() {
        let drivers = PoolDriver::parse_all(b"file a b\ncallback\n").unwrap();
        assert_eq!((drivers[0].name.as_str(), drivers[0].options.len()), ("file", 2));
        assert!(drivers[1].options.is_empty());
        let missing = AnswerFault::Missing { name: "name".into() };
        assert_eq!(
            PoolDriver::parse_all(b"file  b\n"),
            Err(AnswerError::new(5, missing.clone()))
        );
        assert_eq!(PoolDriver::parse_all(b"\n"), Err(AnswerError::new(0, missing)));
    }
}
