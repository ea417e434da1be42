// SPDX-License-Identifier: GPL-3.0-or-later
//! Ciphers at work: one small interface over all algorithms and modes.

use aes::{Aes128, Aes192, Aes256};
use aria::{Aria128, Aria192, Aria256};
use blowfish::Blowfish;
use camellia::{Camellia128, Camellia192, Camellia256};
use cast5::Cast5;
use cbc::cipher::{
    Array, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockSizeUser, InnerIvInit, KeyInit, StreamCipher,
    StreamCipherCoreWrapper,
    common::typenum::Unsigned,
    consts::{U8, U16},
};
use ctr::{CtrCore, flavors::Ctr128BE};
use des::{Des, TdesEde2, TdesEde3};
use idea::Idea;
use ofb::OfbCore;
use rc2::Rc2;
use rc4::Rc4;
use sm4::Sm4;

use super::algorithm::{Algorithm, Mode};

/// A cipher that has its key.
pub(super) trait Running: Send {
    /// Decrypts bytes where they lie: whole blocks, where the content is padded to blocks.
    fn decrypt(&mut self, bytes: &mut [u8]);
}

/// Begins to decrypt. None where the lengths do not fit, or the algorithm has no such mode.
pub(super) fn begin(algorithm: Algorithm, mode: Mode, key: &[u8], iv: &[u8]) -> Option<Box<dyn Running>> {
    match algorithm {
        Algorithm::Aes256 => wide::<Aes256>(mode, key, iv),
        Algorithm::Aes192 => wide::<Aes192>(mode, key, iv),
        Algorithm::Aes128 => wide::<Aes128>(mode, key, iv),
        Algorithm::Camellia256 => wide::<Camellia256>(mode, key, iv),
        Algorithm::Camellia192 => wide::<Camellia192>(mode, key, iv),
        Algorithm::Camellia128 => wide::<Camellia128>(mode, key, iv),
        Algorithm::Aria256 => wide::<Aria256>(mode, key, iv),
        Algorithm::Aria192 => wide::<Aria192>(mode, key, iv),
        Algorithm::Aria128 => wide::<Aria128>(mode, key, iv),
        Algorithm::Sm4 => wide::<Sm4>(mode, key, iv),
        Algorithm::TripleDes => narrow::<TdesEde3>(mode, key, iv),
        Algorithm::TwoKeyDes => narrow::<TdesEde2>(mode, key, iv),
        Algorithm::Des => narrow::<Des>(mode, key, iv),
        Algorithm::Blowfish => narrow::<Blowfish>(mode, key, iv),
        Algorithm::Cast5 => narrow::<Cast5>(mode, key, iv),
        Algorithm::Idea => narrow::<Idea>(mode, key, iv),
        Algorithm::Rc2 | Algorithm::Rc2Short | Algorithm::Rc2Shortest => narrow::<Rc2>(mode, key, iv),
        Algorithm::Rc4 | Algorithm::Rc4Shortest => {
            let cipher: Rc4 = Rc4::new_from_slice(key).ok()?;
            Some(Box::new(KeyStream(cipher)))
        }
    }
}

/// A block cipher of 16 bytes, which has all modes.
fn wide<C>(mode: Mode, key: &[u8], iv: &[u8]) -> Option<Box<dyn Running>>
where
    C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16> + Send + 'static,
{
    let cipher = || C::new_from_slice(key).ok();
    match mode {
        Mode::Ctr => {
            let core = CtrCore::<C, Ctr128BE>::inner_iv_slice_init(cipher()?, iv).ok()?;
            Some(Box::new(KeyStream(StreamCipherCoreWrapper::from_core(core))))
        }
        Mode::Ofb => {
            let core = OfbCore::inner_iv_slice_init(cipher()?, iv).ok()?;
            Some(Box::new(KeyStream(StreamCipherCoreWrapper::from_core(core))))
        }
        _ => any(mode, cipher()?, iv),
    }
}

/// A block cipher of 8 bytes.
fn narrow<C>(mode: Mode, key: &[u8], iv: &[u8]) -> Option<Box<dyn Running>>
where
    C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + BlockSizeUser<BlockSize = U8> + Send + 'static,
{
    let cipher = C::new_from_slice(key).ok()?;
    if mode == Mode::Ofb {
        let core = OfbCore::inner_iv_slice_init(cipher, iv).ok()?;
        return Some(Box::new(KeyStream(StreamCipherCoreWrapper::from_core(core))));
    }
    any(mode, cipher, iv)
}

/// A block cipher of any width, in the modes that do not depend on it.
fn any<C>(mode: Mode, cipher: C, iv: &[u8]) -> Option<Box<dyn Running>>
where
    C: BlockCipherEncrypt + BlockCipherDecrypt + Send + 'static,
{
    Some(match mode {
        Mode::Cbc => Box::new(Blocks(cbc::Decryptor::<C>::inner_iv_slice_init(cipher, iv).ok()?)),
        Mode::Cfb8 => Box::new(Blocks(cfb8::Decryptor::<C>::inner_iv_slice_init(cipher, iv).ok()?)),
        Mode::Cfb => Box::new(Feedback(
            cfb_mode::BufDecryptor::<C>::inner_iv_slice_init(cipher, iv).ok()?,
        )),
        Mode::Ecb => Box::new(Single(cipher)),
        Mode::Ofb | Mode::Ctr | Mode::Stream => return None,
    })
}

/// A mode that takes whole blocks.
struct Blocks<M>(M);

impl<M: BlockModeDecrypt + Send> Running for Blocks<M> {
    fn decrypt(&mut self, bytes: &mut [u8]) {
        let (blocks, rest) = Array::<u8, M::BlockSize>::slice_as_chunks_mut(bytes);
        debug_assert!(rest.is_empty(), "blocks of {}", M::BlockSize::USIZE);
        self.0.decrypt_blocks(blocks);
    }
}

/// Each block by itself.
struct Single<C>(C);

impl<C: BlockCipherDecrypt + Send> Running for Single<C> {
    fn decrypt(&mut self, bytes: &mut [u8]) {
        let (blocks, rest) = Array::<u8, C::BlockSize>::slice_as_chunks_mut(bytes);
        debug_assert!(rest.is_empty(), "blocks of {}", C::BlockSize::USIZE);
        self.0.decrypt_blocks(blocks);
    }
}

/// Any number of bytes, each a function of those before.
struct Feedback<C: BlockCipherEncrypt>(cfb_mode::BufDecryptor<C>);

impl<C: BlockCipherEncrypt + Send> Running for Feedback<C> {
    fn decrypt(&mut self, bytes: &mut [u8]) {
        self.0.decrypt(bytes);
    }
}

/// A stream of bytes that are added to the content.
struct KeyStream<S>(S);

impl<S: StreamCipher + Send> Running for KeyStream<S> {
    fn decrypt(&mut self, bytes: &mut [u8]) {
        self.0.apply_keystream(bytes);
    }
}
