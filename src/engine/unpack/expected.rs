// SPDX-License-Identifier: GPL-3.0-or-later
//! What an archive must hold of a machine, as its inventory tells.

use crate::plan::RestoreRow;

/// The files that have to come, by their names in the machine's folder. Small files are named by archives that list
/// them; of others only the volumes are known.
pub(super) fn expected_files(row: &RestoreRow) -> Vec<String> {
    if row.is_home() {
        let user = row.content.path.rsplit('/').next().unwrap_or_default();
        return vec![user.to_owned()];
    }
    let saved = row.domain.volumes.iter().filter(|volume| volume.save_on_stop);
    saved.map(|volume| format!("{}.img", volume.name)).collect()
}
