// API=http://127.0.0.1:8080 go run prompt.go
package main

import (
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	form := url.Values{"prompt[text]": {"a cat --video --video_model kling25 --duration 5"}}
	api := os.Getenv("API")
	if api == "" {
		api = "https://api.example"
	}
	request, err := http.NewRequest("POST", api+"/tunes/7/prompts", strings.NewReader(form.Encode()))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+os.Getenv("API_KEY"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	io.Copy(os.Stdout, response.Body)
	if response.StatusCode >= 300 {
		log.Fatal(response.Status)
	}
}
