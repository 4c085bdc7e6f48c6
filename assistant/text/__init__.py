"""English text made comparable: words, stems, stop words, sentences, typographic signs."""
