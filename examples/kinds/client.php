<?php

$fields = [
    'prompt[text]' => 'ohwx dog in snow --video --video_model kling25 --duration 5s --video_prompt "it shakes"',
    'prompt[ar]' => '16:9',
];
$curl = curl_init('https://api.example.com/tunes/1/prompts');
curl_setopt($curl, CURLOPT_POSTFIELDS, $fields);
echo curl_exec($curl);
