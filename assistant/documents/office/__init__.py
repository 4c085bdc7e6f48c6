"""Readers of office documents: packages of XML (Office Open XML, OpenDocument), compound files."""
