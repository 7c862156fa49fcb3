"""The style network, and the perceptual networks that training and painting measure with."""
