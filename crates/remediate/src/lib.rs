//! remediate
