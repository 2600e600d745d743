// A server that answers with what ParseMultipartForm read in a form.
package main

import (
	"encoding/json"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		if err := request.ParseMultipartForm(1 << 20); err != nil {
			http.Error(response, err.Error(), 400)
			return
		}
		fields, files := [][]any{}, [][]any{}
		for name, values := range request.MultipartForm.Value {
			for _, value := range values {
				fields = append(fields, []any{name, value})
			}
		}
		for name, headers := range request.MultipartForm.File {
			for _, header := range headers {
				files = append(files, []any{name, header.Filename, header.Size})
			}
		}
		json.NewEncoder(response).Encode(map[string]any{"fields": fields, "files": files})
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
