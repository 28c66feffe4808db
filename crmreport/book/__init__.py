"""Book: assemble what Jupyter Book reads, and call it. It is known here alone."""

from crmreport.book.assemble import DRAWN, assemble
from crmreport.book.make import BookError, Press, html_of, make, pdf_of
from crmreport.book.volume import Book

__all__ = ["DRAWN", "Book", "BookError", "Press", "assemble", "html_of", "make", "pdf_of"]
