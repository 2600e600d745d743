// A server that answers with what net/http and encoding/json read in a request.
package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
)

func main() {
	http.HandleFunc("/", func(response http.ResponseWriter, request *http.Request) {
		var read any
		if strings.HasPrefix(request.Header.Get("Content-Type"), "application/json") {
			json.NewDecoder(request.Body).Decode(&read)
		}
		err := request.ParseMultipartForm(1 << 20)
		if err != nil && err != http.ErrNotMultipart {
			http.Error(response, err.Error(), 400)
			return
		}
		fields, files := [][]any{}, [][]any{}
		for name, values := range request.Form {
			for _, value := range values {
				fields = append(fields, []any{name, value})
			}
		}
		if request.MultipartForm != nil {
			for name, headers := range request.MultipartForm.File {
				for _, header := range headers {
					files = append(files, []any{name, header.Filename, header.Size})
				}
			}
		}
		json.NewEncoder(response).Encode(map[string]any{"fields": fields, "files": files, "json": read})
	})
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(everything)))
}

// everything keeps the default handler from redirecting paths that are not clean.
func everything(response http.ResponseWriter, request *http.Request) {
	request.URL.Path = "/"
	http.DefaultServeMux.ServeHTTP(response, request)
}
