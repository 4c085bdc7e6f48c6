"""The rival of `bench_training`: plain `transformers.Trainer` + peft, as anyone writes it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from convert.base_model import load_model, load_tokenizer
from convert.train.settings import TrainSettings
from convert.train.tokenize_samples import Tokenized


class Rival:
    """`transformers.Trainer` with peft and a padding collator."""

    def __init__(
        self,
        base: Path,
        tokenized: list[Tokenized],
        settings: TrainSettings,
        folder: Path,
        *,
        by_length: bool,
    ) -> None:
        from peft import LoraConfig, get_peft_model

        model = load_model(base, "bfloat16")
        self.model = get_peft_model(
            model,
            LoraConfig(
                r=settings.rank,
                lora_alpha=int(settings.alpha),
                target_modules="all-linear",
                task_type="CAUSAL_LM",
            ),
        )
        self.tokenizer = load_tokenizer(base)
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.rows = [
            {
                "input_ids": list(t.prompt + t.completion),
                "labels": [-100] * len(t.prompt) + list(t.completion),
                "length": len(t),
            }
            for t in tokenized
        ]
        self.settings, self.folder, self.by_length = settings, folder, by_length
        self.calls = 0

    def run(self, steps: int) -> dict[str, float]:
        import torch
        from transformers import (
            DataCollatorForSeq2Seq,
            Trainer,
            TrainerCallback,
            TrainingArguments,
        )

        class Clock(TrainerCallback):
            began = ended = 0.0

            def on_step_begin(self, *_: Any, **__: Any) -> None:
                self.began = self.began or time.perf_counter()

            def on_step_end(self, *_: Any, **__: Any) -> None:
                self.ended = time.perf_counter()

        per_device = 8
        self.calls += 1
        arguments = TrainingArguments(
            output_dir=str(self.folder),
            per_device_train_batch_size=per_device,
            gradient_accumulation_steps=self.settings.samples_per_step // per_device,
            max_steps=steps,
            learning_rate=self.settings.learning_rate,
            bf16=True,
            use_cpu=not torch.cuda.is_available(),
            report_to=[],
            save_strategy="no",
            logging_strategy="no",
            disable_tqdm=True,
            seed=self.calls,
            train_sampling_strategy="group_by_length" if self.by_length else "random",
            remove_unused_columns=True,
        )
        clock = Clock()
        collator = DataCollatorForSeq2Seq(self.tokenizer, label_pad_token_id=-100)
        trainer = Trainer(
            model=self.model,
            args=arguments,
            train_dataset=self.rows,
            data_collator=collator,
            callbacks=[clock],
        )
        trainer.train()
        samples = steps * self.settings.samples_per_step
        return {"samples": samples, "seconds": clock.ended - clock.began}
