package compile

// Classify gives tests the error that output of the go command makes.
func Classify(text string) *Error {
	var h head
	_, _ = h.Write([]byte(text))
	return classify("go build", "./x", h.text())
}
