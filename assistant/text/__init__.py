"""Text as the program sees it: sentences, words and stems, the canonical form, stop words."""
