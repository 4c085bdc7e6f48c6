"""Reading the text of a picture: PP-OCR's detector and recognizer on ONNX Runtime and numpy."""
