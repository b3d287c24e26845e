"""Tiny picture models with random weights, written as real diffusers and transformers folders.

They draw noise, but through the same classes and files as a model of the full size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WORDS = """a an the of on in and with at to is are it no not red blue green yellow cube ball cat dog bicycle beach night
    day sunset left right top under two three picture photo ship sea tile fish house tree make draw"""
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz0123456789", *WORDS.split()]


def tokenizer() -> Any:
    """Return a BERT tokenizer of a hundred words, 32 tokens at most."""
    from transformers import BertTokenizer

    vocabulary = {word: i for i, word in enumerate([*VOCABULARY, *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz")])}
    return BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=32)


def bert(width: int = 16, positions: int = 40) -> Any:
    """Return a one-layer text encoder."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=len(tokenizer()), hidden_size=width, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=positions,
    )  # fmt: skip
    return BertModel(config).eval()


def pipeline(folder: Path, *, embedded: bool = False, tiny_vae: bool = False, prediction: str = "v_prediction") -> Path:
    """Write a StableDiffusionPipeline of 32 x 32 pixels to `folder`, in the embedded form one without a text part."""
    import torch
    from diffusers import AutoencoderKL, AutoencoderTiny, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel

    from gptsmith.models.pictures.embedded_parts import PatchedUNet

    torch.manual_seed(1)
    down, up = ("DownBlock2D", "CrossAttnDownBlock2D"), ("CrossAttnUpBlock2D", "UpBlock2D")
    unet = (PatchedUNet if embedded else UNet2DConditionModel)(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1,
        block_out_channels=(16,) if embedded else (8, 16),
        down_block_types=down[1:] if embedded else down, up_block_types=up[:1] if embedded else up,
        cross_attention_dim=384 if embedded else 16, attention_head_dim=2, norm_num_groups=4,
    )  # fmt: skip
    if tiny_vae:
        vae: Any = AutoencoderTiny(
            encoder_block_out_channels=(8, 8, 8), decoder_block_out_channels=(8, 8, 8), latent_channels=4,
            num_encoder_blocks=(1, 1, 1), num_decoder_blocks=(1, 1, 1),
        )  # fmt: skip
    else:
        vae = AutoencoderKL(
            block_out_channels=(8, 8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4,
            down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3, sample_size=32,
        )  # fmt: skip
    scheduler = DDIMScheduler(
        prediction_type=prediction, rescale_betas_zero_snr=prediction == "v_prediction", timestep_spacing="trailing",
        clip_sample=False, set_alpha_to_one=True, steps_offset=1,
    )  # fmt: skip
    pipe = StableDiffusionPipeline(
        vae=vae.eval(), unet=unet.eval(), scheduler=scheduler, text_encoder=None if embedded else bert(),
        tokenizer=None if embedded else tokenizer(), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder


def words_only(folder: Path) -> Path:
    """Write a PixArt of 32 x 32 pixels: a kind that starts from words only, with a callback of the older form."""
    import torch
    from diffusers import AutoencoderKL, DPMSolverMultistepScheduler, PixArtAlphaPipeline, PixArtTransformer2DModel

    torch.manual_seed(5)
    transformer = PixArtTransformer2DModel(
        num_attention_heads=2, attention_head_dim=8, in_channels=4, out_channels=8, num_layers=1,
        cross_attention_dim=16, sample_size=8, patch_size=2, caption_channels=16, norm_type="ada_norm_single",
        norm_elementwise_affine=False, norm_eps=1e-6, attention_bias=True, activation_fn="gelu-approximate",
        num_embeds_ada_norm=1000,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8), layers_per_block=1, latent_channels=4, norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3, sample_size=32,
    )  # fmt: skip
    pipe = PixArtAlphaPipeline(
        tokenizer=tokenizer(), text_encoder=bert(16, positions=160), vae=vae.eval(), transformer=transformer.eval(),
        scheduler=DPMSolverMultistepScheduler(),
    )  # fmt: skip
    pipe.save_pretrained(folder)
    return folder


def embedded_generator(folder: Path) -> Path:
    """Write a generator in the embedded form: its text part is the sentence encoder's."""
    index = pipeline(folder, embedded=True) / "model_index.json"
    parts = json.loads(index.read_text("utf-8")) | {"unet": ["diffusers", "UNet2DConditionModel"]}
    index.write_text(json.dumps(parts), encoding="utf-8")
    return folder


def clip(folder: Path) -> Path:
    """Write a CLIP of 32 x 32 pixels."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor

    torch.manual_seed(2)
    words = tokenizer()
    config = CLIPConfig(
        text_config={
            "vocab_size": len(words), "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "max_position_embeddings": 32, "eos_token_id": words.sep_token_id,
            "bos_token_id": words.cls_token_id, "pad_token_id": words.pad_token_id,
        },
        vision_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": 32, "patch_size": 8,
        },
        projection_dim=12,
    )  # fmt: skip
    CLIPModel(config).eval().save_pretrained(folder)
    size = {"height": 32, "width": 32}
    CLIPProcessor(CLIPImageProcessor(size=size, crop_size=size), words).save_pretrained(folder)
    return folder


def captioner(folder: Path) -> Path:
    """Write a BLIP of 32 x 32 pixels."""
    import torch
    from transformers import BlipConfig, BlipForConditionalGeneration, BlipImageProcessor, BlipProcessor

    torch.manual_seed(3)
    words = tokenizer()
    config = BlipConfig(
        text_config={
            "vocab_size": len(words), "hidden_size": 16, "encoder_hidden_size": 16, "intermediate_size": 32,
            "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32,
            "bos_token_id": words.cls_token_id, "eos_token_id": words.sep_token_id,
            "sep_token_id": words.sep_token_id, "pad_token_id": words.pad_token_id,
        },
        vision_config={
            "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "image_size": 32, "patch_size": 8,
        },
        projection_dim=12,
    )  # fmt: skip
    BlipForConditionalGeneration(config).eval().save_pretrained(folder)
    BlipProcessor(BlipImageProcessor(size={"height": 32, "width": 32}), words).save_pretrained(folder)
    return folder


def encoder_decoder(folder: Path) -> Path:
    """Write a captioner of a vision tower and a small decoder, its processor and tokenizer side by side."""
    import torch
    from transformers import (
        BertConfig,
        BertLMHeadModel,
        VisionEncoderDecoderModel,
        ViTConfig,
        ViTImageProcessor,
        ViTModel,
    )

    torch.manual_seed(4)
    words = tokenizer()
    encoder = ViTModel(
        ViTConfig(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            image_size=32,
            patch_size=8,
        )
    )
    decoder = BertLMHeadModel(
        BertConfig(
            vocab_size=len(words),
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=64,
            is_decoder=True,
            add_cross_attention=True,
        )
    )
    model = VisionEncoderDecoderModel(encoder=encoder, decoder=decoder)
    model.config.decoder_start_token_id = model.generation_config.decoder_start_token_id = words.cls_token_id
    model.config.pad_token_id = model.generation_config.pad_token_id = words.pad_token_id
    model.config.eos_token_id = model.generation_config.eos_token_id = words.sep_token_id
    model.eval().save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
