"""Is an explanation true of this model, on this input?"""
