"""jaxrepsim"""
