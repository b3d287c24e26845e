"""The editing of a spec's text: operations written at the parser's marks, everything else left to the byte."""
