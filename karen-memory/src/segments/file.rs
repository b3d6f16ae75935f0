//! A file of numbered parts that grows at its end.
//!
//! After the header come frames: a mark, a table of parts with their lengths and checksums, and the
//! parts. The last of each number counts. A frame that is not whole ends the file, and what comes
//! after is cut off. Parts that count no more may be overwritten, so only those that count are checked.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::codec::Source;
use crate::RecordId;

const MAGIC: [u8; 8] = *b"karenseg";
const HEADER_BYTES: u64 = 16;
/// Parts before this many bytes of them make one frame of a file that is written anew.
const FRAME_BYTES: usize = 4 << 20;
/// A file with fewer bytes that do not count is not worth writing anew.
const DEAD_BYTES_MIN: u64 = 4 << 20;
/// A part in a frame's table: number, length, checksum.
const ENTRY_BYTES: usize = 12;
/// The sequence of a frame that says little without those after it; the log's are above.
const MORE_FOLLOWS: i64 = 0;
/// Mark, record of the mark, and the number of parts.
const HEAD_BYTES: usize = 8 + 16 + 4;

/// How much of the log a file reflects.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) sequence: i64,
    /// The record that the entry is about.
    pub(super) record: RecordId,
}

/// A file that this process alone writes to.
#[derive(Debug)]
pub(super) struct SegmentFile {
    path: PathBuf,
    format: [u8; 8],
    file: File,
    length: u64,
    /// By number.
    live: Vec<Option<Extent>>,
    /// Earlier versions of parts, those that may still be there.
    dead: HashMap<u32, Vec<Extent>>,
    dead_bytes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Extent {
    offset: u64,
    bytes: u32,
}

/// A part that was read.
pub(super) struct Part<'a> {
    pub(super) number: u32,
    /// `None` if its checksum is wrong.
    pub(super) bytes: Option<&'a [u8]>,
}

impl SegmentFile {
    /// Reads a file, giving `each` every part in its order. `None` if there is none of this format.
    ///
    /// # Errors
    /// When it cannot be read, or another process has it.
    pub(super) fn open(
        path: &Path,
        format: [u8; 8],
        mut each: impl FnMut(Part<'_>),
    ) -> io::Result<Option<(Self, Mark)>> {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        file.try_lock()?;
        remove(&beside(path))?;
        let size = file.metadata()?.len();
        let mut read = BufReader::with_capacity(1 << 20, &file);
        if size < HEADER_BYTES || take::<16>(&mut read)? != header(format) {
            return Ok(None);
        }
        let mut this = Self::empty(path, format, file.try_clone()?);
        let mut mark = None;
        let mut bytes = Vec::new();
        while let Some(frame) = Frame::read(&mut read, size - this.length, &mut bytes)? {
            this.note(&frame.table);
            frame.each(&bytes, &mut each);
            mark = Some(frame.mark);
        }
        file.set_len(this.length)?;
        let mark = mark.filter(|mark: &Mark| mark.sequence != MORE_FOLLOWS);
        Ok(mark.map(|mark| (this, mark)))
    }

    /// Makes the file, empty, in place of one that may be there.
    ///
    /// # Errors
    /// When it cannot be written, or another process has it.
    pub(super) fn create(path: &Path, format: [u8; 8]) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let options = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .clone();
        let mut file = options.open(path)?;
        file.try_lock()?;
        file.set_len(0)?;
        file.write_all(&header(format))?;
        Ok(Self::empty(path, format, file))
    }

    fn empty(path: &Path, format: [u8; 8], file: File) -> Self {
        Self {
            path: path.to_owned(),
            format,
            file,
            length: HEADER_BYTES,
            live: Vec::new(),
            dead: HashMap::new(),
            dead_bytes: 0,
        }
    }

    /// Adds a frame, and waits until it is on disk: so no other than the last one is ever torn.
    pub(super) fn append(&mut self, mark: &Mark, parts: &[(u32, Vec<u8>)]) -> io::Result<()> {
        self.write(mark, parts)?;
        self.file.sync_data()
    }

    /// Overwrites what is left of earlier versions of these parts.
    pub(super) fn scrub(&mut self, parts: impl IntoIterator<Item = u32>) -> io::Result<()> {
        let mut zeros = Vec::new();
        for extent in parts
            .into_iter()
            .filter_map(|p| self.dead.remove(&p))
            .flatten()
        {
            zeros.resize(extent.bytes as usize, 0);
            self.file.seek(SeekFrom::Start(extent.offset))?;
            self.file.write_all(&zeros)?;
        }
        self.file.sync_data()
    }

    /// Whether more of it is dead than alive.
    pub(super) fn is_wasteful(&self) -> bool {
        self.dead_bytes > DEAD_BYTES_MIN && self.dead_bytes * 2 > self.length
    }

    /// Writes the file anew, with these parts alone. The old one stays until the new one is on disk.
    pub(super) fn rewrite(
        &mut self,
        mark: &Mark,
        parts: impl IntoIterator<Item = (u32, Vec<u8>)>,
    ) -> io::Result<()> {
        let mut next = Self::create(&beside(&self.path), self.format)?;
        let more = Mark {
            sequence: MORE_FOLLOWS,
            ..mark.clone()
        };
        let (mut batch, mut bytes) = (Vec::new(), 0);
        for (number, part) in parts {
            bytes += part.len();
            batch.push((number, part));
            if bytes > FRAME_BYTES {
                next.write(&more, &batch)?;
                (batch, bytes) = (Vec::new(), 0);
            }
        }
        next.append(mark, &batch)?;
        std::fs::rename(&next.path, &self.path)?;
        next.path.clone_from(&self.path);
        *self = next;
        Ok(())
    }

    /// Where it is, and its format.
    pub(super) fn place(&self) -> (PathBuf, [u8; 8]) {
        (self.path.clone(), self.format)
    }

    /// Removes the file, and one that was to take its place.
    pub(super) fn remove(self) -> io::Result<()> {
        remove(&beside(&self.path))?;
        remove(&self.path)
    }

    fn write(&mut self, mark: &Mark, parts: &[(u32, Vec<u8>)]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.length))?;
        let mut to = BufWriter::with_capacity(1 << 20, &self.file);
        let mut head = Vec::with_capacity(HEAD_BYTES + ENTRY_BYTES * parts.len());
        head.extend(mark.sequence.to_le_bytes());
        head.extend(mark.record.to_bytes());
        head.extend(size(parts.len())?.to_le_bytes());
        let mut table = Vec::with_capacity(parts.len());
        for (number, part) in parts {
            let bytes = size(part.len())?;
            head.extend(number.to_le_bytes());
            head.extend(bytes.to_le_bytes());
            head.extend(crc32fast::hash(part).to_le_bytes());
            table.push(Entry {
                number: *number,
                bytes,
                sum: 0,
            });
        }
        to.write_all(&head)?;
        to.write_all(&crc32fast::hash(&head).to_le_bytes())?;
        for (_, part) in parts {
            to.write_all(part)?;
        }
        to.flush()?;
        drop(to);
        self.note(&table);
        Ok(())
    }

    /// Accounts for a frame at the end of the file.
    fn note(&mut self, table: &[Entry]) {
        self.length += (HEAD_BYTES + ENTRY_BYTES * table.len() + 4) as u64;
        for entry in table {
            let extent = Extent {
                offset: self.length,
                bytes: entry.bytes,
            };
            self.length += u64::from(entry.bytes);
            let number = entry.number as usize;
            if number >= self.live.len() {
                self.live.resize(number + 1, None);
            }
            if let Some(before) = self.live[number].replace(extent) {
                self.dead_bytes += u64::from(before.bytes);
                self.dead.entry(entry.number).or_default().push(before);
            }
        }
    }
}

impl Drop for SegmentFile {
    /// A child process that is just being started holds a copy of the file for a moment, and with it
    /// the lock.
    fn drop(&mut self) {
        // What cannot be given back goes with the file.
        let _ = self.file.unlock();
    }
}

struct Frame {
    mark: Mark,
    table: Vec<Entry>,
}

struct Entry {
    number: u32,
    bytes: u32,
    sum: u32,
}

impl Frame {
    /// The next frame of a file with `left` bytes more, its parts in `bytes`. `None` if there is no
    /// whole one.
    fn read(from: &mut impl Read, left: u64, bytes: &mut Vec<u8>) -> io::Result<Option<Self>> {
        if left < (HEAD_BYTES + 4) as u64 {
            return Ok(None);
        }
        let mut head = take::<HEAD_BYTES>(from)?.to_vec();
        let count = u32::from_le_bytes(std::array::from_fn(|i| head[24 + i])) as usize;
        let table_bytes = count as u64 * ENTRY_BYTES as u64;
        if left < (HEAD_BYTES + 4) as u64 + table_bytes {
            return Ok(None);
        }
        head.resize(HEAD_BYTES + table_bytes as usize, 0);
        from.read_exact(&mut head[HEAD_BYTES..])?;
        if take::<4>(from)? != crc32fast::hash(&head).to_le_bytes() {
            return Ok(None);
        }
        let Some(frame) = Self::parse(&head) else {
            return Ok(None);
        };
        let parts: u64 = frame.table.iter().map(|e| u64::from(e.bytes)).sum();
        let left = left - (HEAD_BYTES + 4) as u64 - table_bytes;
        if left < parts {
            return Ok(None);
        }
        bytes.resize(parts as usize, 0);
        from.read_exact(bytes)?;
        let is_torn = left == parts && frame.has_damage(bytes);
        Ok((!is_torn).then_some(frame))
    }

    fn parse(head: &[u8]) -> Option<Self> {
        let mut head = Source::new(head);
        let mark = Mark {
            sequence: head.i64()?,
            record: RecordId::of_bytes(head.array()?),
        };
        let count = head.u32()?;
        let mut entry = || {
            Some(Entry {
                number: head.u32()?,
                bytes: head.u32()?,
                sum: head.u32()?,
            })
        };
        let table = (0..count).map(|_| entry()).collect::<Option<_>>()?;
        Some(Self { mark, table })
    }

    fn has_damage(&self, bytes: &[u8]) -> bool {
        let mut is_damaged = false;
        self.each(bytes, &mut |part| is_damaged |= part.bytes.is_none());
        is_damaged
    }

    fn each(&self, mut bytes: &[u8], each: &mut impl FnMut(Part<'_>)) {
        for entry in &self.table {
            let (part, rest) = bytes.split_at(entry.bytes as usize);
            bytes = rest;
            each(Part {
                number: entry.number,
                bytes: (crc32fast::hash(part) == entry.sum).then_some(part),
            });
        }
    }
}

/// Where a file is written that is to take the place of another.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

/// Removes a file that may not be there.
fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn header(format: [u8; 8]) -> [u8; 16] {
    std::array::from_fn(|i| if i < 8 { MAGIC[i] } else { format[i - 8] })
}

fn size(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(|_| ErrorKind::FileTooLarge.into())
}

fn take<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
