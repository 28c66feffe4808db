"""Forecasting: what to expect next, by the method that did best when it was tested."""
