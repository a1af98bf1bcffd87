"""python -m unittest discover -s tests -t . (from sdk/python)"""
