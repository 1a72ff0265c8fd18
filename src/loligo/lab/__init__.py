"""The lab: a live page of models in one HTML file that needs nothing else"""
