"""Pictures as one-page PDFs: their headers are read here, their pixels are decoded by PDFium."""
